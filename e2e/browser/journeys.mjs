// Journeys: what people do, from the first page to the last, in real Chromium.
import { APPROVER, BOOK_KEEPER, OTHER_CLIENT, OWNER, Site, TECHNICIAN } from './site.mjs';
import { assert, test } from './check.mjs';

/** Runs a journey on a site that is stopped at its end. @param {(site: Site) => Site} make @param {(site: Site) => Promise<void>} journey */
const on = (make, journey) => async () => {
  const site = await make(new Site(process.argv[2])).start();
  try {
    await journey(site);
    assert.equal(site.log, '', 'the server complained');
  } finally {
    await site.stop();
  }
};

test('a client cannot see another', on((site) => site.makeDemo(), async (site) => {
  const page = await site.signedIn(OTHER_CLIENT);
  await page.goto('/portal');
  const text = await page.textContent('body');
  assert.ok(text?.includes('Hazel Law Partners') && !text.includes('Cedar'), 'the own account and no other');
  for (const path of ['/', '/clients', '/clients/cedar', '/billing', '/billing/invoices/3', '/portal/invoices/3.pdf', '/time', '/settings', '/users', '/audit']) {
    const answer = await page.request.get(site.url + path);
    assert.ok([403, 404].includes(answer.status()), `${path} answers ${answer.status()}`);
    assert.ok(!(await answer.text()).includes('Cedar Creek'), path);
  }
}));
