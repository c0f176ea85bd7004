// Journeys: what people do, from the first page to the last, in real Chromium.
import { createRequire } from 'node:module';
import { APPROVER, BOOK_KEEPER, OTHER_CLIENT, OWNER, Site, TECHNICIAN } from './site.mjs';
import { assert, test } from './check.mjs';

/** @typedef {import('playwright-core').Page & { faults: string[] }} Window */

/** Runs a journey on a site that is stopped at its end. @param {(site: Site) => Site} make @param {(site: Site) => Promise<void>} journey */
const on = (make, journey) => async () => {
  const site = await make(new Site(process.argv[2])).start();
  try {
    await journey(site);
    assert.equal(site.log.replace(/^Quarterhour serves.*$/m, '').replace(/^Open .*$/m, '').trim(), '', 'the server complained');
  } finally {
    await site.stop();
  }
};

/** Presses a button and waits for the page that follows. @param {Window} page @param {string} name */
async function press(page, name) {
  await Promise.all([page.waitForNavigation(), page.getByRole('button', { name, exact: false }).first().click()]);
}

/** @param {Window} page */
const words = async (page) => (await page.innerText('main')).replace(/\s+/g, ' ');

test('the first run sets up a provider, its owner and a client', on((site) => site, async (site) => {
  const page = await site.window();
  await page.goto('/');
  assert.ok(page.url().endsWith('/setup'), 'everything leads to the set-up');
  await page.fill('input[name=name]', 'Harbor IT');
  await page.fill('input[name=country]', 'US');
  await page.fill('input[name=currency]', 'USD');
  await page.fill('input[name=time_zone]', 'America/New_York');
  await page.fill('input[name=hourly]', '120');
  await page.fill('input[name=owner_name]', 'Olga Owner');
  await page.fill('input[name=email]', 'olga@harbor.example');
  await page.fill('input[name=password]', 'short');
  await press(page, 'Set up');
  assert.match(await words(page), /characters; expected 12/, 'a short password is told at its field');
  await page.fill('input[name=password]', 'three unrelated words');
  await press(page, 'Set up');
  assert.equal(new URL(page.url()).pathname, '/');
  await page.goto('/add-client');
  await page.fill('input[name=code]', 'acme');
  await page.fill('input[name=name]', 'Acme Dental');
  await press(page, 'Add');
  assert.match(await words(page), /Acme Dental/);
  const stranger = await site.window();
  await stranger.goto('/setup');
  assert.ok(!stranger.url().endsWith('/setup'), 'the set-up is over');
  assert.deepEqual(page.faults, []);
}));

test('time that is logged moves the balance in a second window', on((site) => site.makeDemo(), async (site) => {
  const watcher = await site.signedIn(OWNER);
  await watcher.goto('/clients/fir');
  const before = await words(watcher);
  const page = await site.signedIn(TECHNICIAN);
  await page.goto('/time');
  await page.keyboard.press('n');
  await page.keyboard.type('fir printer does not print 25m helpdesk');
  await page.waitForFunction(() => /prepaid|overage|charged|courtesy|covered/i.test(document.querySelector('#quick-look')?.textContent ?? ''));
  const begun = Date.now();
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.match(await words(page), /printer does not print/);
  await watcher.waitForFunction((text) => document.querySelector('main')?.innerText.replace(/\s+/g, ' ') !== text, before, { timeout: 5000 });
  assert.ok(Date.now() - begun < 3000, 'the other window follows within moments');
  assert.match(await words(watcher), /printer does not print/);
  assert.deepEqual([...page.faults, ...watcher.faults], []);
}));

test('a timer survives a reload and becomes an entry', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(TECHNICIAN);
  await page.goto('/time');
  await page.fill('input[name=line]', 'hazel mailbox full');
  await Promise.all([page.waitForNavigation(), page.press('input[name=line]', 'Enter')]);
  await page.reload();
  await page.goto('/clients');
  assert.match(await page.innerText('body'), /hazel/i, 'the timer is on every page');
  await press(page, 'Stop');
  const note = await page.locator('[name=note]').inputValue();
  assert.match(note, /mailbox full/, 'the form has what the timer was for');
  await press(page, 'Save and stop');
  assert.match(await page.innerText('main'), /mailbox full/);
  assert.deepEqual(page.faults, []);
}));

test('a month is billed and its invoice opened as a PDF', on((site) => site.makeExample(), async (site) => {
  const page = await site.window();
  await page.goto('/');
  await page.fill('input[name=owner_name]', 'Olga Owner');
  await page.fill('input[name=email]', 'olga@example.com');
  await page.fill('input[name=password]', 'three unrelated words');
  await press(page, 'Set up');
  await page.goto('/billing/2026-01');
  assert.match(await words(page), /Acme Dental|acme/);
  await page.goto('/billing/2026-01/issue');
  await press(page, 'Issue');
  await page.waitForFunction(() => /issued/i.test(document.querySelector('main')?.textContent ?? ''), undefined, { timeout: 15000 });
  await page.goto('/billing/invoices');
  assert.match(await words(page), /INV-000001/);
  const pdf = await page.request.get(`${site.url}/billing/invoices/1/pdf`);
  assert.equal(pdf.headers()['content-type'], 'application/pdf');
  assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
  await page.goto('/billing/2026-01');
  assert.doesNotMatch(await words(page), /Issue 4 statements/, 'it is issued once');
  assert.deepEqual(page.faults, []);
}));

test('a client releases held overage by name and reason', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(APPROVER, { width: 390 });
  await page.goto('/portal/approvals');
  const before = await words(page);
  assert.match(before, /USD/);
  await page.locator('[data-tally-all]').first().check();
  await page.locator('textarea[name=reason], input[name=reason]').first().fill('The server had to come back that night.');
  await page.getByRole('button', { name: 'Release', exact: false }).first().click();
  const question = page.locator('dialog');
  assert.match(await question.innerText(), /Release \d+ of \d+ chosen: \d+:\d\d h, USD [\d,.]+/, 'it names the sum');
  await Promise.all([page.waitForNavigation(), question.getByRole('button', { name: 'Release', exact: false }).click()]);
  assert.match(await page.innerText('body'), /released/i);
  assert.match(await page.innerText('body'), /Carla Cedar|The server had to come back/);
  const keeper = await site.signedIn(BOOK_KEEPER);
  await keeper.goto('/billing/held?decided=true');
  assert.match(await keeper.innerText('body'), /Carla Cedar/);
  assert.deepEqual([...page.faults, ...keeper.faults], []);
}));

test('a client cannot see another', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(OTHER_CLIENT);
  await page.goto('/portal');
  const text = await page.textContent('body');
  assert.ok(/left this month/.test(text ?? '') && !text?.includes('Cedar'), 'the own hours and no other');
  const paths = ['/', '/clients', '/clients/cedar', '/billing', '/billing/invoices/3', '/portal/invoices/3/pdf', '/time', '/settings', '/users', '/audit'];
  for (const path of paths) {
    const answer = await page.request.get(site.url + path, { maxRedirects: 0 });
    const sent = answer.status() === 303 && answer.headers().location === '/portal';
    assert.ok(sent || [403, 404].includes(answer.status()), `${path} answers ${answer.status()}`);
    assert.ok(!(await answer.text()).includes('Cedar Creek'), path);
  }
}));

test('somebody signs in with a passkey', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(TECHNICIAN);
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto('/account/security');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  const form = page.locator('form[data-passkey=register]');
  await form.locator('input[name=name]').fill('Desk key');
  await Promise.all([page.waitForNavigation(), form.locator('button').click()]);
  assert.match(await page.innerText('main'), /Desk key/);
  await page.request.post(`${site.url}/sign-out`, { headers: { Origin: site.url } });
  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Use a passkey' }).click();
  const enter = page.locator('form[data-passkey=sign-in]');
  await enter.locator('input[name=email]').fill(TECHNICIAN);
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), enter.locator('button').click()]);
  assert.match(await page.innerText('body'), /Ana/);
  assert.deepEqual(page.faults, []);
}));

test('reading and forms need no JavaScript', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(OWNER, { scripts: false });
  await page.goto('/time');
  await page.fill('input[name=line]', 'elm till is stuck 15m');
  await press(page, 'Log');
  assert.match(await page.innerText('main'), /till is stuck/);
  await page.goto('/clients/elm');
  assert.match(await page.innerText('main'), /till is stuck/);
}));

// Kept here so that a missing package is told before the first journey.
createRequire(import.meta.url).resolve('axe-core/axe.min.js');
