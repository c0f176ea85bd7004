// Forms that use a passkey, on the few pages that have one:
//
//   data-passkey="register|sign-in" data-options data-finish   data-says shows what went wrong

/** @param {string} text */
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
/** @param {ArrayBuffer | null} buffer */
const text64 = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** @param {string} path @param {RequestInit} how */
async function json(path, how) {
  const answer = await fetch(path, { method: 'POST', ...how });
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.detail ?? found.title ?? 'That did not work. Try again.');
  return found;
}

/** @param {HTMLFormElement} form */
async function passkey(form) {
  const says = form.querySelector('[data-says]');
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value);
  try {
    if (!window.PublicKeyCredential) throw new Error('This browser has no passkeys.');
    const { publicKey, carried } = await json(form.dataset.options ?? '', { body: fields });
    publicKey.challenge = bytes(publicKey.challenge);
    for (const known of [...(publicKey.excludeCredentials ?? []), ...(publicKey.allowCredentials ?? [])]) known.id = bytes(known.id);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    const found = await (form.dataset.passkey === 'register' ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    const made = /** @type {PublicKeyCredential} */ (found);
    const { response } = made;
    /** @type {Record<string, unknown>} */
    const parts = { clientDataJSON: text64(response.clientDataJSON) };
    if (response instanceof AuthenticatorAttestationResponse) {
      parts.attestationObject = text64(response.attestationObject);
      parts.transports = response.getTransports?.();
    } else if (response instanceof AuthenticatorAssertionResponse) {
      Object.assign(parts, { authenticatorData: text64(response.authenticatorData), signature: text64(response.signature), userHandle: text64(response.userHandle) });
    }
    const credential = { id: made.id, rawId: text64(made.rawId), type: made.type, response: parts, extensions: made.getClientExtensionResults() };
    const body = JSON.stringify({ ...Object.fromEntries(fields), carried, credential });
    const { next } = await json(form.dataset.finish ?? '', { body, headers: { 'content-type': 'application/json' } });
    location.assign(next);
  } catch (error) {
    const refused = error instanceof DOMException ? 'The passkey was not used. Try again, or sign in with the password.' : '';
    if (says) says.textContent = refused || (error instanceof Error ? error.message : 'That did not work.');
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.passkey) return;
  event.preventDefault();
  passkey(form);
});

export {};
