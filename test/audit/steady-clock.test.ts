import { parseRecord } from 'sealroom/audit';
import { expect, test } from 'vitest';
import { AuditLog, SteadyClock } from '#src/audit/index';
import { LogFolder, refused } from './support.ts';

const HOUR = 3_600_000;
const IO_CLOCK = { code: 'IO_CLOCK' };

/** The clock of a machine, and the time that passes there. */
class Machine {
  readonly #folder: LogFolder;
  #elapsedMs = 0;

  constructor(folder: LogFolder) {
    this.#folder = folder;
  }

  /** Lets time pass; the clock moves with it, and by so much more. */
  wait(hours: number, moreHours = 0): void {
    this.#elapsedMs += hours * HOUR;
    this.#folder.now = new Date(this.#folder.now.getTime() + (hours + moreHours) * HOUR);
  }

  /** Opens the log as a process that serves a room does. */
  async open(isRight = false): Promise<AuditLog> {
    const { now } = this.#folder.options();
    const allowClockJump = new SteadyClock({ now, elapsedMs: () => this.#elapsedMs, isRight });
    return AuditLog.open({ ...this.#folder.options(), allowClockJump });
  }
}

test('A-12 a process that has run since the last record believes its clock as far as time has passed', async () => {
  await using folder = await LogFolder.create();
  const machine = new Machine(folder);
  await using log = await machine.open();
  await log.append(refused());
  machine.wait(72);
  await log.append(refused());
  machine.wait(30, 0.05);
  await log.append(refused());
  machine.wait(30, 240);
  await expect(log.append(refused())).rejects.toMatchObject(IO_CLOCK);
  // Set right again.
  machine.wait(0, -240);
  await log.append(refused());
  const kinds = (await folder.lines()).map((line) => parseRecord(Buffer.from(line)).event.kind);
  expect(kinds).toEqual(['attempt', 'clock', 'attempt', 'clock', 'attempt', 'clock', 'attempt']);
});

test('A-12 a process that was started less than a day after the last record believes its clock from then on', async () => {
  await using folder = await LogFolder.create();
  await folder.fill(1);
  const machine = new Machine(folder);
  machine.wait(20);
  await using log = await machine.open();
  machine.wait(20);
  await log.append(refused());
});

test('A-12 a process that was started more than a day after the last record needs to be told that its clock is right', async () => {
  await using folder = await LogFolder.create();
  await folder.fill(1);
  const machine = new Machine(folder);
  machine.wait(25);
  await using log = await machine.open();
  machine.wait(1);
  await expect(log.requireClock()).rejects.toMatchObject(IO_CLOCK);
  await using told = await machine.open(true);
  machine.wait(1, 25);
  await expect(told.requireClock()).rejects.toMatchObject(IO_CLOCK);
  machine.wait(0, -25);
  await told.append(refused());
  await log.append(refused());
});

test('A-12 a clock that was corrected while records were near is believed from then on', async () => {
  await using folder = await LogFolder.create();
  const machine = new Machine(folder);
  await using log = await machine.open();
  await log.append(refused());
  machine.wait(1, 1);
  await log.requireClock();
  machine.wait(30);
  await log.append(refused());
  machine.wait(23);
  machine.wait(0, 23);
  await expect(log.append(refused())).rejects.toMatchObject(IO_CLOCK);
});
