// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from '../../src/system/processes.js';
import { freePort } from '../integration/free-port.js';
import { labRoot, labToken, namespaces, scriptOf } from './lab-root.js';

/** The programs of a LAVA installation. */
export type Service = 'publisher' | 'server' | 'scheduler' | 'worker0' | 'worker1' | 'worker2';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A machine that a test adds to the lab. */
interface LabMachine {
  readonly hostname: string;
  readonly type: string;
  /** The device type's; LAVA has one of that name where it is left out. */
  readonly template?: string;
  /** What stands below its `extends`. */
  readonly dictionary: string;
  readonly worker?: Service;
}

/**
 * A real LAVA server with three workers and six QEMU devices on loopback. qemu-01 and -03 are on
 * worker0, -02 and -04 on worker1; qemu-05 (tag in-maintenance) is in maintenance, qemu-06 (of the
 * type qemu-far) alone on worker2.
 */
export class Lab implements AsyncDisposable {
  readonly token = labToken;
  private readonly answers: AsyncIterator<string>;

  private constructor(
    readonly url: string,
    readonly child: Child,
    private readonly commands: Readonly<Record<Service, string>>,
  ) {
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Makes the root where it is not in the cache, starts everything and waits until all workers are there. */
  static async open(signal: AbortSignal, say: (text: string) => void): Promise<Lab> {
    const root = await labRoot(signal, say);
    const [http, ws] = await Promise.all([freePort(), freePort()]);
    const argv = [...dieWithParent, ...namespaces, 'bash', scriptOf('lab-init.sh'), root];
    const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {
      // It has ended; the answer that does not come says so.
    });
    const lab = new Lab(`http://127.0.0.1:${http}`, child, commandsOf(http, ws));
    try {
      await lab.answer('ready');
      for (const service of Object.keys(lab.commands)) await lab.start(service as Service);
      await lab.workers(3);
      return lab;
    } catch (error) {
      say(await lab.log('server'));
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async start(service: Service): Promise<void> {
    await this.say(`start ${service} ${this.commands[service]}`);
  }

  /** Kills it and all that it started. */
  async stop(service: Service): Promise<void> {
    await this.say(`stop ${service}`);
  }

  /** Starts one more program. */
  async launch(name: string, command: string): Promise<void> {
    await this.say(`start ${name} ${command}`);
  }

  /** The lab's root folder, seen from outside. */
  async root(): Promise<string> {
    // The init is the only child of unshare.
    const { pid } = this.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return `/proc/${children.trim()}/root/mnt/root`;
  }

  /** What it printed. */
  async log(service: Service): Promise<string> {
    return readFile(`${await this.root()}/lab/${service}.log`, 'utf8').catch(() => 'no log');
  }

  /** Asks the server as its user; the answer as JSON, or undefined when it gives none. */
  async ask(path: string): Promise<unknown> {
    const headers = { Authorization: `Token ${this.token}` };
    const response = await fetch(`${this.url}/api/v0.2${path}`, { headers }).catch(() => undefined);
    return response?.ok ? response.json() : undefined;
  }

  /** Tells the server something as its user. */
  async tell(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.url}/api/v0.2${path}`, {
      method: 'POST',
      headers: { Authorization: `Token ${this.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  /** Adds a device and its type. */
  async addDevice({
    hostname,
    type,
    template,
    dictionary,
    worker = 'worker0',
  }: LabMachine): Promise<void> {
    await this.tell('/devicetypes/', { name: type, display: true, aliases: [] });
    if (template !== undefined) await this.tell(`/devicetypes/${type}/template/`, { template });
    // LAVA looks at a device at once, and one without a dictionary is bad.
    const bare = { hostname, device_type: type, worker_host: worker, health: 'Maintenance' };
    await this.tell('/devices/', bare);
    const text = `{% extends '${type}.jinja2' %}\n${dictionary}`;
    await this.tell(`/devices/${hostname}/dictionary/`, { dictionary: text });
    const reason = 'it is complete';
    await this.tell(`/devices/${hostname}/set_health/`, { health: 'GOOD', reason });
  }

  /** Waits until a job has ended; its health. Throws when the device that it needs is bad. */
  async ended(id: number, hostname: string): Promise<string> {
    for (;;) {
      const job = (await this.ask(`/jobs/${id}/`)) as { state: string; health: string } | undefined;
      if (job?.state === 'Finished') return job.health;
      const device = (await this.ask(`/devices/${hostname}/`)) as { health: string } | undefined;
      if (device?.health === 'Bad') throw new Error(await this.log('scheduler'));
      await sleep(300);
    }
  }

  /** Waits until so many workers are online. */
  async workers(count: number): Promise<void> {
    for (let tries = 0; tries < 1200; tries++) {
      const page = (await this.ask('/workers/')) as { results: { state: string }[] } | undefined;
      const online = page?.results.filter(({ state }) => state === 'Online').length;
      if (online === count) return;
      if (this.child.exitCode !== null) break;
      await sleep(100);
    }
    throw new Error(`LAVA did not come up:\n${await this.log('server')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  private async say(line: string): Promise<void> {
    this.child.stdin.write(`${line}\n`);
    await this.answer(line.split(' ').slice(0, 2).join(' '));
  }

  private async answer(expected: string): Promise<void> {
    const { value } = await this.answers.next();
    if (value !== expected) throw new Error(`the lab said "${value ?? ''}", not "${expected}"`);
  }
}

function commandsOf(http: number, ws: number): Record<Service, string> {
  const worker = (name: string): string =>
    `lava-worker --name ${name} --url http://127.0.0.1:${http}/ --ws-url http://127.0.0.1:${ws}/ws/` +
    ` --token-file /lab/${name}.token --worker-dir /var/lib/lava/dispatcher/${name}` +
    ` --log-file - --ping-interval 2 --job-log-interval 1`;
  return {
    publisher: `lava-server manage lava-publisher --host 127.0.0.1 --port ${ws} --log-file -`,
    server:
      'gunicorn3 lava_server.wsgi -u lavaserver -g lavaserver --worker-class gthread' +
      ` --workers 2 --threads 8 --bind 127.0.0.1:${http}`,
    scheduler: 'lava-server manage lava-scheduler --event-url ipc:///tmp/lava.events --log-file -',
    worker0: worker('worker0'),
    worker1: worker('worker1'),
    worker2: worker('worker2'),
  };
}
