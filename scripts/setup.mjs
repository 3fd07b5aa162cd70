// SPDX-License-Identifier: MIT
// `npm start`, `npm test`, `npm run test:all`: sets up what is missing, then does the work. Needs Node.js and npm only.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const infrastructure = 69;

/** Runs a program with our terminal; ends with `code` (default: its own) when it fails. */
function must(program, args, code) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (error) process.stderr.write(`busyguest: ${program}: ${error.message}\n`);
  if (status !== 0) process.exit(code ?? status ?? infrastructure);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  process.stderr.write(`busyguest: Node.js 20.19 or newer is needed, this is ${process.version}\n`);
  process.exit(infrastructure);
}

/** npm packages exactly as the lock file has them; skipped when they are there. */
function installPackages() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const stamp = join(root, 'node_modules', '.busyguest-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stdout.write('Installing npm packages (npm ci)\n');
  // Compiling is a step of its own, with an exit code of its own.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  must('npm', args, infrastructure);
  writeFileSync(stamp, lock);
}

function newest(dir) {
  const times = readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(0, ...times);
}

/** Compiles the TypeScript when a source is newer than what was compiled. */
function compile() {
  const built = join(root, 'dist', '.tsbuildinfo');
  const sources = Math.max(newest('src'), newest('test'), newest('jobs'));
  if (existsSync(built) && statSync(built).mtimeMs >= sources) return;
  must(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
}

const busyguest = (...args) => [join(root, 'bin', 'busyguest.mjs'), ...args];

/** System packages: doctor prints the one line, and runs it where it may. */
function installTools() {
  must(
    process.execPath,
    busyguest('doctor', '--install', '--for', goal === 'start' ? 'run' : 'test'),
  );
  // Debian 12's QEMU is too old for half of the devices; without a newer one they are skipped.
  const fetch = busyguest('devices', '--fetch-qemu', '--if-older', '10.0', '--quiet');
  spawnSync(process.execPath, fetch, { cwd: root, stdio: 'inherit' });
}

/** `start`, or a goal of test.mjs. */
const goal = process.argv[2] ?? 'start';
checkNode();
installPackages();
compile();
installTools();
if (goal === 'start')
  must(process.execPath, busyguest('run', 'jobs/pre-pull.yaml', ...process.argv.slice(3)));
else must(process.execPath, [join(root, 'scripts', 'test.mjs'), goal, ...process.argv.slice(3)]);
