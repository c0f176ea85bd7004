// A small runner: named tests one after the other, a line each, and a line that counts them.
import assert from 'node:assert/strict';

export { assert };

/** @type {{ name: string, body: () => Promise<void> }[]} */
const tests = [];

/** @param {string} name @param {() => Promise<void>} body */
export function test(name, body) {
  tests.push({ name, body });
}

/** Runs all tests whose name has one of the words. @param {string[]} words */
export async function runAll(words) {
  let passed = 0;
  let failed = 0;
  for (const { name, body } of tests) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    const begun = Date.now();
    try {
      await body();
      passed += 1;
      console.log(`ok      ${name} (${Date.now() - begun} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error instanceof Error ? error.stack : error}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}
