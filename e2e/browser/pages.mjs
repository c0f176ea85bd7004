// Looks at every page in light and dark, wide and narrow: axe finds nothing, nothing sticks out, nothing is complained of.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { APPROVER, OWNER, Site } from './site.mjs';
import { assert, test } from './check.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const today = new Date();
const month = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, '0')}`;
const before = new Date(today.getFullYear(), today.getMonth() - 1, 1);
const last = `${before.getFullYear()}-${String(before.getMonth() + 1).padStart(2, '0')}`;

/** The pages of the provider, as the owner sees them. */
const PROVIDER = [
  '/', '/clients', '/add-client', '/clients/cedar', `/clients/cedar?period=${last}`, '/clients/cedar/edit', `/clients/cedar/entries?period=${last}`,
  '/clients/cedar/devices', '/clients/cedar/import-devices', '/clients/cedar/tickets', '/clients/cedar/agreements', '/clients/cedar/agreements/cedar',
  '/clients/cedar/agreements/new', '/clients/cedar/comparison', '/clients/viburnum/comparison', '/questions', '/time', '/time/entries/new', '/billing', `/billing/${month}`, `/billing/${last}`,
  `/billing/statements/cedar/${month}`, `/billing/statements/cedar/${last}`, '/billing/invoices', '/billing/invoices/3', '/billing/aging', '/billing/held', '/billing/portfolio', '/billing/staffing',
  '/billing/ledger', `/billing/${month}/issue`, '/billing/invoices/3/credit', '/jobs', '/settings', '/settings/company', '/settings/rates', '/settings/calendar', '/settings/templates', '/settings/webhooks',
  '/settings/import', '/users', '/users/new', '/audit', '/account', '/account/security', '/account/password', '/account/totp', '/account/passkeys/new',
  '/account/sessions', '/account/tokens', '/api/reference',
];
/** The pages of a client, as its approver sees them. */
const CLIENT = [
  '/portal', '/portal/statements', `/portal/statements/${last}`, `/portal/statements/${month}`, '/portal/invoices', '/portal/devices', '/portal/programs', '/portal/approvals', '/portal/questions', '/portal/verify', '/portal/invoices/3', '/account', '/account/security',
  '/account/sessions', '/account/tokens',
];
const VIEWS = /** @type {const} */ ([
  { width: 1440, scheme: 'light' }, { width: 1440, scheme: 'dark' }, { width: 390, scheme: 'light' }, { width: 390, scheme: 'dark' },
]);

/** @param {import('playwright-core').Page & { faults: string[] }} page @param {string} path @param {number} width */
async function look(page, path, width) {
  const answer = await page.goto(path);
  assert.ok(answer?.ok(), `${path} answers ${answer?.status()}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= width, `${path} is ${wide} pixels wide in a window of ${width}`);
  await page.evaluate(axe);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  const said = found.violations.map((/** @type {any} */ it) => `${it.id}: ${it.help}\n    ${it.nodes.slice(0, 4).map((/** @type {any} */ node) => node.html.slice(0, 200)).join('\n    ')}`);
  assert.equal(said.length, 0, `${path}\n  ${said.join('\n  ')}`);
}

for (const { width, scheme } of VIEWS) {
  test(`every page is in order at ${width} pixels, ${scheme}`, async () => {
    const site = await new Site(process.argv[2]).makeDemo().start();
    try {
      const faults = [];
      for (const [email, paths] of /** @type {const} */ ([[OWNER, PROVIDER], [APPROVER, CLIENT]])) {
        const page = await site.signedIn(email, { width, scheme });
        for (const path of paths) {
          await look(page, path, width).catch((error) => faults.push(error.message));
        }
        faults.push(...page.faults);
        await page.context().close();
      }
      const stranger = await site.window({ width, scheme });
      for (const path of ['/sign-in', '/sign-in/passkey']) await look(stranger, path, width).catch((error) => faults.push(error.message));
      assert.equal(faults.length, 0, faults.join('\n'));
    } finally {
      await site.stop();
    }
  });
}
