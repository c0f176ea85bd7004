// Runs the journeys and the look at every page. Usage: node run.mjs PROGRAM [WORD …]: only tests with one of the words.
import { runAll } from './check.mjs';
import './journeys.mjs';
import './pages.mjs';

process.exitCode = (await runAll(process.argv.slice(3))) === 0 ? 0 : 1;
