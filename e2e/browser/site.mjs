// A running server with a database of its own, and browsers that visit it.
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
export const PASSWORD = 'quarter hour demo';
export const OWNER = 'olivia@northgate.example';
export const TECHNICIAN = 'ana@northgate.example';
export const BOOK_KEEPER = 'books@northgate.example';
export const APPROVER = 'carla@cedar.example';
export const OTHER_CLIENT = 'hanna@hazel.example';

/** @returns {Promise<number>} a port that nobody listens on */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

export class Site {
  /** @param {string} program */
  constructor(program) {
    this.program = program;
    this.folder = mkdtempSync(join(tmpdir(), 'quarterhour-browser-'));
    this.db = join(this.folder, 'site.db');
  }

  /** Runs the program to its end. @param {string[]} words */
  run(...words) {
    return execFileSync(this.program, words, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The demo's books: 24 clients, 14 months issued, one that runs. */
  makeDemo() {
    this.run('--quiet', 'demo', 'demo', '--no-pdf', '--no-serve');
    this.db = join(this.folder, 'demo', 'demo.db');
    return this;
  }

  /** The example folder, imported and not issued. */
  makeExample() {
    this.run('init', 'books');
    this.run('--db', this.db, 'import', 'books');
    return this;
  }

  async start() {
    const port = await freePort();
    this.url = `http://localhost:${port}`;
    this.log = '';
    this.server = spawn(this.program, ['--db', this.db, 'serve', '--listen', `127.0.0.1:${port}`, '--public-url', this.url, '--log', 'warn'], {
      cwd: this.folder,
    });
    this.server.stderr.on('data', (data) => (this.log += data));
    for (let tries = 0; tries < 200; tries++) {
      const ready = await fetch(`${this.url}/ready`).then((answer) => answer.ok, () => false);
      if (ready) return this;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not start:\n${this.log}`);
  }

  async stop() {
    await Promise.all((this.browsers ?? []).map((browser) => browser.close()));
    this.server?.kill('SIGTERM');
    await new Promise((resolve) => (this.server && this.server.exitCode === null ? this.server.on('exit', resolve) : resolve(0)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * A window of its own, with its own cookies. What goes wrong in it is kept in `window.faults`.
   * @param {{ width?: number, scheme?: 'light' | 'dark', scripts?: boolean }} [options]
   */
  async window({ width = 1440, scheme = 'light', scripts = true } = {}) {
    this.browser ??= await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    this.browsers = [this.browser];
    const context = await this.browser.newContext({
      viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: scripts, baseURL: this.url, reducedMotion: 'reduce',
      hasTouch: width < 600,
    });
    const page = await context.newPage();
    /** @type {string[]} */
    const faults = [];
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      // A refused page is told by its status; everything else that reaches the console is a fault.
      if (message.type() === 'error' && !/status of (4\d\d)/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`);
    });
    return Object.assign(page, { faults });
  }

  /**
   * A window in which somebody of the demo is signed in.
   * @param {string} email @param {{ width?: number, scheme?: 'light' | 'dark', scripts?: boolean }} [options]
   */
  async signedIn(email, options) {
    const page = await this.window(options);
    await page.goto('/sign-in');
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', PASSWORD);
    await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.press('input[name=password]', 'Enter')]);
    return page;
  }
}
