// What pages do beyond links and forms. Every page works without it. Nothing here knows what a page is about:
// behaviours hang on data-attributes, and events are heard on the document, so that content may come and go.
//
//   data-live="client:acme clients books job:ID"  an element with an id, fetched anew when the stream /live names one of them
//   data-goto="/path"                             inside such an element: go there, the work is done
//   data-preview="/path" data-preview-into="id"   a form: what is typed goes to the path, the answer into the element
//   data-problem="name"                           in a preview: what is wrong with the field of the form, told at the field, too
//   data-later="/path"                            a part that takes longer than the page: the element of that path's page with the same id
//   data-shown                                    a slider that tells its value to the <output> beside it
//   data-submit-on-change                         a form (or field) that is sent when a choice is made
//   data-confirm="Delete device PRN-2?"           a form or a button that asks first
//   data-search, data-filter="id"                 a search that hides rows of a table or list as one types; data-found="id" counts
//   data-sort, data-value                         a column heading that sorts; what a cell is worth
//   data-timer data-since="1767225600"            a clock that runs
//   data-key="n", data-key="g c"                  keys that follow a link or focus a field
//   data-tally, data-currency, data-digits        the place in a form that counts what is ticked: boxes with data-seconds and data-amount
//   data-tally-all                                a box that ticks all of them; {chosen} in data-confirm is what is ticked
//   data-copy="text"                              a button that copies
//   data-rows, data-row, data-add, data-remove    rows of a form that can be added from a <template> (__n__ counts) and removed
//   data-narrow                                   a <details> that begins closed on a narrow screen, unless a field in it has a problem
//   data-menu                                     a <details> that closes when one clicks elsewhere
//   data-back                                     a button that goes back to where one came from
//   data-dismiss                                  a button that takes its nearest .flash or .note away

/** @template {Element} T @param {string} selector @param {ParentNode} [root] @returns {T[]} */
const all = (selector, root = document) => /** @type {T[]} */ ([...root.querySelectorAll(selector)]);
/** @param {EventTarget | null} target @param {string} selector @returns {HTMLElement | null} */
const up = (target, selector) => (target instanceof Element ? target.closest(selector) : null);
/** @param {string} html */
const parse = (html) => new DOMParser().parseFromString(html, 'text/html');
/** @param {string} text */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

// ---- Putting new content in place of old: what has the focus, is open or is being typed stays ----

/** @type {WeakSet<Element>} */
const typed = new WeakSet();

/** @param {Element} old @param {Element} next */
function attributes(old, next) {
  const keep = (/** @type {string} */ name) => name === 'open' || (typed.has(old) && (name === 'value' || name === 'checked'));
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && !keep(name)) old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value && !keep(name)) old.setAttribute(name, value);
}

/** @param {Node} old @param {Node} next */
function morph(old, next) {
  if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) {
    old.parentNode?.replaceChild(document.importNode(next, true), old);
  } else if (old instanceof Element && next instanceof Element) {
    if (old.isEqualNode(next) || (old.contains(document.activeElement) && old.matches('input, select, textarea'))) return;
    attributes(old, next);
    if (!(old instanceof HTMLTextAreaElement && typed.has(old))) children(old, next);
  } else if (old.nodeValue !== next.nodeValue) {
    old.nodeValue = next.nodeValue;
    const place = old.parentElement;
    place?.classList.remove('fresh');
    requestAnimationFrame(() => place?.classList.add('fresh'));
  }
}

/** One of the next few siblings. @param {Node} node @param {(node: Node) => boolean} fits @returns {ChildNode | undefined} */
function near(node, fits) {
  let next = node.nextSibling;
  for (let steps = 0; next && steps < 8; steps += 1, next = next.nextSibling) if (next instanceof Element && fits(next)) return next;
  return undefined;
}

/** @param {Element} old @param {Element} next */
function children(old, next) {
  /** @type {Map<string, Element>} */
  const named = new Map();
  for (const child of old.children) if (child.id) named.set(child.id, child);
  let place = old.firstChild;
  for (const wanted of next.childNodes) {
    const id = wanted instanceof Element ? wanted.id : '';
    let found = id ? named.get(id) : place;
    if (!id) while (found instanceof Element && found.id) found = found.nextSibling ?? undefined;
    // What is the same further down stays itself, so that the focus does not wander to another row.
    if (!id && found && !found.isEqualNode(wanted)) {
      const same = near(found, (node) => node.isEqualNode(wanted));
      if (same) {
        /** @type {ChildNode | null} */
        let gone = found;
        while (gone && gone !== same) {
          /** @type {ChildNode | null} */
          const after = gone.nextSibling;
          if (!(gone instanceof Element && gone.id)) gone.remove();
          gone = after;
        }
        if (!place?.isConnected) place = same;
        found = same;
      } else if (near(wanted, (node) => found?.isEqualNode(node) ?? false)) found = undefined;
    }
    if (found && found.nodeName === wanted.nodeName && found.nodeType === wanted.nodeType) {
      if (found === place) place = place.nextSibling;
      else old.insertBefore(found, place);
      morph(found, wanted);
    } else {
      old.insertBefore(document.importNode(wanted, true), place);
    }
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

// ---- Live: what others change ----

/** @type {Set<string>} */
const news = new Set();
let fetching = false;
let fetched = 0;
let pause = 1000;
/** @type {EventSource | null} */
let stream = null;
/** The most pages of one browser that have a stream. */
const STREAMS_MAX = 3;
const others = new BroadcastChannel('live');
const own = Math.random();
/** Pages that took a stream after this one. @type {Set<number>} */
const later = new Set();
/** @type {number | undefined} */
let hiding;

/** @param {Element} region */
const concerned = (region) => {
  const words = (region.getAttribute('data-live') ?? '').split(/\s+/);
  return news.has('all') || words.some((word) => news.has(word));
};

/** @param {...string} words */
function heard(...words) {
  const before = news.size;
  for (const word of words) news.add(word);
  if (!before) soon();
}

// News that come thick and fast are taken together, but none waits for half a second.
const soon = () => setTimeout(refresh, Math.max(60, fetched + 400 - Date.now()));

/** Brings the parts of the page that take longer than it. */
async function bring() {
  for (const place of all('[data-later][id]')) {
    try {
      const answer = await fetch(place.getAttribute('data-later') ?? '');
      if (!answer.ok || answer.redirected) continue;
      const part = parse(await answer.text()).getElementById(place.id);
      if (part) place.replaceChildren(...part.childNodes);
    } catch {
      // The link in its place leads there.
    }
  }
}

async function refresh() {
  if (fetching) return;
  const regions = all('[data-live][id]').filter(concerned);
  news.clear();
  if (!regions.length) return;
  fetching = true;
  try {
    const answer = await fetch(location.href, { headers: { 'x-live': '1' } });
    if (!answer.ok || answer.redirected) return;
    const next = parse(await answer.text());
    prepare(next);
    for (const region of regions) {
      const wanted = next.getElementById(region.id);
      if (wanted) morph(region, wanted);
    }
    document.body.dataset.told = next.body.dataset.told;
    arrange();
    void bring();
    const way = document.querySelector('[data-live] [data-goto]')?.getAttribute('data-goto');
    if (way) location.assign(way);
  } catch {
    // The stream tells when the server is back, and everything is read again then.
  } finally {
    fetching = false;
    fetched = Date.now();
    if (news.size) soon();
  }
}

function listen() {
  if (stream || document.hidden || !document.querySelector('[data-live]')) return;
  const source = new EventSource('/live');
  stream = source;
  later.clear();
  others.postMessage({ took: own });
  source.addEventListener('client', (event) => heard(`client:${event.data}`, 'clients'));
  source.addEventListener('job', (event) => heard(`job:${event.data}`, 'jobs'));
  source.addEventListener('books', () => heard('books'));
  source.addEventListener('all', () => heard('all'));
  // The stream begins with the count of changes: another than the page's, and the page has missed some.
  source.addEventListener('told', (event) => {
    if (event.data !== document.body.dataset.told) heard('all');
    pause = 1000;
  });
  source.addEventListener('error', () => {
    deaf();
    pause = Math.min(pause * 2, 60_000);
    setTimeout(listen, pause * (0.5 + Math.random() / 2));
  });
}

function deaf() {
  if (stream) others.postMessage({ left: own });
  stream?.close();
  stream = null;
}

// A browser allows six connections to one site over HTTP/1.1. Of many open pages the last few that took a stream have one,
// and the one that somebody turns to takes it back.
others.addEventListener('message', ({ data }) => {
  if (data.took) later.add(data.took);
  if (data.left) later.delete(data.left);
  if (stream && later.size >= STREAMS_MAX) deaf();
});
addEventListener('focus', listen);

addEventListener('pagehide', deaf);
addEventListener('pageshow', (event) => {
  all('form[data-sent]').forEach((form) => form.removeAttribute('data-sent'));
  listen();
});
// A tab that nobody looks at has none, and catches up when somebody does.
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(deaf, 2_000);
  else listen();
});

// ---- Previews ----

/** @type {WeakMap<HTMLFormElement, AbortController>} */
const asked = new WeakMap();

/** @param {HTMLFormElement} form @param {number} wait */
async function preview(form, wait) {
  asked.get(form)?.abort();
  const control = new AbortController();
  asked.set(form, control);
  await new Promise((done) => setTimeout(done, wait));
  const into = document.getElementById(form.dataset.previewInto ?? '');
  if (control.signal.aborted || !into) return;
  if (!into.hasAttribute('aria-live')) into.setAttribute('aria-live', 'polite');
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === 'string') body.append(name, value);
  try {
    const answer = await fetch(form.dataset.preview ?? '', { method: 'POST', body, signal: control.signal });
    if (!answer.ok && answer.status !== 422) return;
    const next = document.createElement('div');
    next.append(...parse(await answer.text()).body.childNodes);
    prepare(next);
    if (control.signal.aborted) return;
    (children(into, next), atFields(form, into));
    // A question can be asked again: the address is the one that the form would go to.
    if (form.method === 'get') history.replaceState(history.state, '', `${form.getAttribute('action')}?${body}`);
  } catch {
    // Aborted by newer input, or the server is away: what is shown stays.
  }
}

/** Says at the fields what a preview found wrong with them. @param {HTMLFormElement} form @param {Element} preview */
function atFields(form, preview) {
  // A form that only asks is answered whole by its preview; what the server said of another form stays where it is.
  const stale = form.method === 'get' ? '.field .problem' : '.problem[data-live-problem]';
  for (const old of all(stale, form)) (old.closest('.has-problem')?.classList.remove('has-problem'), old.remove());
  for (const problem of all('[data-problem]', preview)) {
    const field = form.elements.namedItem(problem.getAttribute('data-problem') ?? '');
    const place = field instanceof Element ? field.closest('.field') : null;
    if (!place || place.querySelector('.problem')) continue;
    const said = document.createElement('span');
    said.className = 'problem';
    said.setAttribute('data-live-problem', '');
    said.textContent = problem.querySelector('span')?.textContent ?? '';
    place.classList.add('has-problem');
    place.append(said);
    place.closest('details')?.setAttribute('open', '');
  }
}

// ---- Search, sort ----

/** @param {HTMLInputElement} input */
function filter(input) {
  const list = document.getElementById(input.dataset.filter ?? '');
  if (!list) return;
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows(list)) {
    const text = plain(row.textContent ?? '');
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) count += 1;
  }
  for (const sums of /** @type {HTMLElement[]} */ (all('tfoot', list))) sums.hidden = words.length > 0;
  let none = document.getElementById(`${list.id}-none`);
  if (!none) {
    none = document.createElement('p');
    Object.assign(none, { id: `${list.id}-none`, className: 'muted' });
    none.setAttribute('role', 'status');
    list.after(none);
  }
  none.textContent = words.length && !count ? 'Nothing matches.' : '';
  for (const place of all(`[data-found="${list.id}"]`)) place.textContent = words.length ? `${count} found` : place.getAttribute('data-all') ?? '';
}

/** @param {Element} list @returns {HTMLElement[]} */
const rows = (list) => (list instanceof HTMLTableElement ? [...list.tBodies].flatMap((body) => [...body.rows]) : all(':scope > *', list));

/** @param {HTMLTableCellElement} head */
function sort(head) {
  const body = head.closest('table')?.tBodies[0];
  if (!body) return;
  const down = head.getAttribute('aria-sort') === 'descending';
  const column = head.cellIndex;
  const worth = (/** @type {HTMLTableRowElement} */ row) => {
    const cell = row.cells[column];
    return cell?.dataset.value ?? cell?.textContent?.trim() ?? '';
  };
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  const compare = (/** @type {string} */ one, /** @type {string} */ other) => {
    // What is empty comes last, whichever way.
    if (one === '' || other === '') return ((one === '' ? 1 : 0) - (other === '' ? 1 : 0)) * (down ? -1 : 1);
    const [left, right] = [Number(one), Number(other)];
    return one !== '' && other !== '' && !Number.isNaN(left) && !Number.isNaN(right) ? left - right : order.compare(one, other);
  };
  body.append(...[...body.rows].sort((one, other) => compare(worth(one), worth(other)) * (down ? -1 : 1)));
}

// ---- Content that arrives, and content that changed ----

/** @param {Document | Element} root */
function prepare(root) {
  // Where a script runs, it asks; the page that the server would ask with is for browsers without.
  for (const button of all('button[name="ask"]', root)) button.removeAttribute('name');
  if (history.length > 1) for (const place of all('[data-back]', root)) place.removeAttribute('hidden');
  for (const place of all('[data-copy], [data-add], [data-remove], [data-dismiss], .tally-all', root)) place.removeAttribute('hidden');
  // The browser knows where it is; what was typed stays.
  for (const field of /** @type {HTMLInputElement[]} */ (all('input[data-time-zone="guess"]', root))) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || field.value;
  for (const head of all('th[data-sort]', root)) {
    if (head.querySelector('button')) continue;
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
  }
  for (const head of /** @type {HTMLTableCellElement[]} */ (all('th[data-sort]'))) {
    // A live table keeps the order that was asked for.
    const table = head.closest('table')?.id;
    const same = table && root !== document ? root.querySelector(`#${CSS.escape(table)} th:nth-child(${head.cellIndex + 1})`) : null;
    const way = head.getAttribute('aria-sort');
    if (same && way && head.hasAttribute('data-sorted')) (same.setAttribute('aria-sort', way), same.setAttribute('data-sorted', ''));
  }
}

function arrange() {
  for (const place of all('[data-tally]')) tally(place.closest('form'));
  for (const input of /** @type {HTMLInputElement[]} */ (all('input[data-filter]'))) if (input.value) filter(input);
  for (const head of /** @type {HTMLTableCellElement[]} */ (all('th[data-sort][aria-sort]'))) if (head.hasAttribute('data-sorted')) sort(head);
}

/** Minutes or seconds with two digits. @param {number} part */
const two = (part) => String(Math.floor(part) % 60).padStart(2, '0');

/** What is ticked in a form: how many, how long, how much. @param {Element | null} form */
function tally(form) {
  const place = /** @type {HTMLElement | null | undefined} */ (form?.querySelector('[data-tally]'));
  if (!form || !place) return;
  const boxes = /** @type {HTMLInputElement[]} */ (all('input[data-amount]', form));
  const ticked = boxes.filter((box) => box.checked);
  const sum = (/** @type {string} */ what) => ticked.reduce((whole, box) => whole + Number(box.dataset[what]), 0);
  const digits = Number(place.dataset.digits);
  const amount = (sum('amount') / 10 ** digits).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const seconds = sum('seconds');
  const time = `${Math.floor(seconds / 3600)}:${two(seconds / 60)}${seconds % 60 ? `:${two(seconds)}` : ''} h`;
  place.textContent = ticked.length > 0 ? `${ticked.length} of ${boxes.length} chosen: ${time}, ${place.dataset.currency} ${amount}` : 'Nothing is chosen yet';
  const whole = /** @type {HTMLInputElement | null} */ (form.querySelector('[data-tally-all]'));
  if (whole) (whole.checked = ticked.length === boxes.length), (whole.indeterminate = ticked.length > 0 && !whole.checked);
}

function tick() {
  for (const clock of /** @type {HTMLElement[]} */ (all('[data-timer]'))) {
    const seconds = Math.max(0, Math.floor(Date.now() / 1000) - Number(clock.dataset.since));
    clock.textContent = `${Math.floor(seconds / 3600)}:${two(seconds / 60)}:${two(seconds)}`;
  }
}

// ---- Events ----

document.addEventListener('input', (event) => {
  const { target } = event;
  if (target instanceof Element) typed.add(target);
  if (target instanceof HTMLInputElement && target.hasAttribute('data-shown')) {
    const shown = target.parentElement?.querySelector('output');
    if (shown) shown.textContent = target.value;
  }
  if (target instanceof HTMLInputElement && target.dataset.filter) filter(target);
  const form = up(target, 'form[data-preview]');
  if (form instanceof HTMLFormElement) preview(form, target instanceof HTMLInputElement && target.type === 'range' ? 30 : 150);
});

document.addEventListener('change', (event) => {
  const { target } = event;
  if (target instanceof HTMLInputElement && target.matches('[data-tally-all], [data-amount]')) {
    const boxes = target.matches('[data-tally-all]') ? /** @type {HTMLInputElement[]} */ (all('input[data-amount]', target.form ?? document)) : [];
    for (const box of boxes) box.checked = target.checked;
    tally(target.form);
  }
  const place = up(event.target, '[data-submit-on-change]');
  const form = place instanceof HTMLFormElement ? place : place?.closest('form');
  form?.requestSubmit();
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  // passkey.js sends those.
  if (form.dataset.passkey) return;
  if (question(form, event.submitter) && !form.hasAttribute('data-sure')) {
    event.preventDefault();
    ask(form, event.submitter);
  } else if (form.method === 'post') {
    // A second click within a moment is a slip.
    if (form.hasAttribute('data-sent')) event.preventDefault();
    form.setAttribute('data-sent', '');
    setTimeout(() => form.removeAttribute('data-sent'), 4000);
  } else if (form.querySelector('input[data-filter]')) {
    const input = /** @type {HTMLInputElement} */ (form.querySelector('input[data-filter]'));
    const list = document.getElementById(input.dataset.filter ?? '');
    const first = list && rows(list).find((row) => !row.hidden)?.querySelector('a');
    if (first && input.value) (event.preventDefault(), first.click());
  }
});

document.addEventListener('click', (event) => {
  const { target } = event;
  for (const menu of all('details[data-menu][open], details.more[open]')) if (!(target instanceof Node && menu.contains(target))) menu.removeAttribute('open');
  const copy = up(target, '[data-copy]');
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy ?? '').then(() => say('Copied'));
  if (up(target, '[data-back]')) history.back();
  up(target, '[data-dismiss]')?.closest('.flash, .note')?.remove();
  const head = up(target, 'th[data-sort]');
  if (head instanceof HTMLTableCellElement && up(target, 'button')) {
    const way = head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
    for (const other of all('th[data-sort]', head.parentElement ?? document)) (other.removeAttribute('aria-sort'), other.removeAttribute('data-sorted'));
    head.setAttribute('aria-sort', way);
    head.setAttribute('data-sorted', '');
    sort(head);
  }
  const list = up(target, '[data-rows]');
  if (list && up(target, '[data-add]')) {
    const number = String(all('[data-row]', list).length + Number(list.dataset.gone ?? 0));
    const row = parse((list.querySelector('template')?.innerHTML ?? '').replaceAll('__n__', number)).body.firstElementChild;
    const place = all('[data-row]', list).at(-1) ?? list.querySelector('template');
    if (row && place) {
      prepare(row);
      place.after(row);
      /** @type {HTMLElement | null} */ (row.querySelector('input, select'))?.focus();
      row.dispatchEvent(new Event('input', { bubbles: true }));
    }
  } else if (list && up(target, '[data-remove]')) {
    up(target, '[data-row]')?.remove();
    list.dataset.gone = String(Number(list.dataset.gone ?? 0) + 1);
    /** @type {HTMLElement | null} */ (list.querySelector('[data-add]'))?.focus();
    list.dispatchEvent(new Event('input', { bubbles: true }));
  }
});

// ---- Dialogs ----

/** @param {Element[]} content */
function dialog(...content) {
  const box = document.createElement('dialog');
  box.append(...content);
  box.addEventListener('close', () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}

/** What is asked before a form goes: by its button, or by the form. @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
const question = (form, submitter) => (isEmpty(form) ? '' : submitter?.dataset.confirm ?? form.dataset.confirm ?? '');

/** Of what can be ticked nothing is: there is nothing to ask about, and the server says so. @param {HTMLFormElement} form */
const isEmpty = (form) => form.querySelector('[data-tally]') !== null && !form.querySelector('input[data-amount]:checked');

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
function ask(form, submitter) {
  const content = document.createElement('form');
  content.method = 'dialog';
  content.innerHTML = '<p class="strong"></p><div class="row row-end"><button class="button" value="no">Cancel</button><button class="button" value="yes"></button></div>';
  const [no, yes] = /** @type {HTMLButtonElement[]} */ (all('button', content));
  const text = content.querySelector('p');
  if (!no || !yes || !text) return;
  text.textContent = question(form, submitter).replace('{chosen}', form.querySelector('[data-tally]')?.textContent ?? 'what is chosen');
  text.id = 'ask';
  yes.textContent = submitter?.textContent?.trim() || 'Go on';
  yes.classList.add(submitter?.classList.contains('danger') ? 'danger' : 'primary');
  const box = dialog(content);
  box.setAttribute('aria-labelledby', 'ask');
  no.focus();
  box.addEventListener('close', () => {
    if (box.returnValue !== 'yes') return submitter?.focus();
    form.setAttribute('data-sure', '');
    form.requestSubmit(submitter);
    form.removeAttribute('data-sure');
  });
}

/** @param {string} text */
function say(text) {
  let place = document.getElementById('toast');
  if (!place) {
    place = document.createElement('p');
    place.id = 'toast';
    place.className = 'toast';
    place.setAttribute('role', 'status');
    document.body.append(place);
  }
  place.textContent = text;
  setTimeout(() => place?.textContent === text && (place.textContent = ''), 2500);
}

// ---- Keys ----

let keys = '';
/** @type {number | undefined} */
let forget;
const single = () => localStorage.getItem('keys') !== 'off';

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    for (const menu of all('details[data-menu][open], details.more[open]')) {
      menu.removeAttribute('open');
      /** @type {HTMLElement | null} */ (menu.querySelector('summary'))?.focus();
    }
  }
  if (event.ctrlKey || event.metaKey || event.altKey || up(event.target, 'input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]')) return;
  if (event.key === '?') return void shortcuts();
  if (!single() || event.key.length !== 1) return;
  clearTimeout(forget);
  forget = setTimeout(() => (keys = ''), 1200);
  keys = `${keys} ${event.key}`.trim();
  /** @type {HTMLElement | null} */
  const found = keys === '/' ? document.querySelector('[data-search]') : document.querySelector(`[data-key="${CSS.escape(keys)}"]`);
  if (found) {
    event.preventDefault();
    keys = '';
    if (found.matches('input, select, textarea')) found.focus();
    else found.click();
  } else if (![...document.querySelectorAll('[data-key]')].some((place) => place.getAttribute('data-key')?.startsWith(`${keys} `))) {
    keys = '';
  }
});

function shortcuts() {
  const content = document.createElement('form');
  content.method = 'dialog';
  content.innerHTML = '<h2 id="keys">Keys</h2><div class="keys"></div><label class="check"><input type="checkbox" class="switch" role="switch"><span>Single keys on this device</span></label><div class="row row-end"><button class="button">Close</button></div>';
  const list = content.querySelector('.keys');
  const add = (/** @type {string} */ key, /** @type {string} */ text) => {
    const [name, what] = [document.createElement('span'), document.createElement('span')];
    for (const part of key.split(' ')) name.append(Object.assign(document.createElement('kbd'), { textContent: part }), ' ');
    what.textContent = text;
    list?.append(name, what);
  };
  if (document.querySelector('[data-search]')) add('/', 'Search');
  for (const place of all('[data-key]')) add(place.getAttribute('data-key') ?? '', place.getAttribute('data-key-says') ?? place.getAttribute('aria-label') ?? place.textContent?.trim() ?? '');
  add('?', 'These keys');
  const box = /** @type {HTMLInputElement} */ (content.querySelector('input'));
  box.checked = single();
  box.addEventListener('change', () => localStorage.setItem('keys', box.checked ? 'on' : 'off'));
  dialog(content).setAttribute('aria-labelledby', 'keys');
}

prepare(document);
arrange();
// A row of tabs that is wider than a phone begins at the current one.
for (const current of /** @type {HTMLElement[]} */ (all('nav.tabs [aria-current], nav.segmented [aria-current]'))) {
  if (current.parentElement) current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.offsetLeft - 100;
}
if (!matchMedia('(min-width: 64rem)').matches) for (const part of all('details[data-narrow]')) if (!part.querySelector('.has-problem')) part.removeAttribute('open');
tick();
setInterval(tick, 1000);
void bring();
listen();
