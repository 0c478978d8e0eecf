// A process of its own that has the jobs of a room open, asks one question or loads one file, and kills itself at one point of it.
//
//   node crash-child.mjs <room> <point> <caller as JSON> <question or load as JSON> <idempotency key> <time>
import { QueryRunner, RoomReader } from '#src/room/index';
import { Jobs } from '#src/server/jobs/jobs';

const [, , directory = '', point = '', caller = '', ask = '', key = '', time = ''] = process.argv;

/** Kills this process if this is the point; nothing of it runs after that. */
function reach(/** @type {string} */ name) {
  if (name === point) process.kill(process.pid, 'SIGKILL');
}

let isPacked = false;
let isLoading = false;
let times = 0;
const now = () => {
  // A load asks for the time at each of its steps: for its start, the snapshot, the record and its end.
  if (isLoading) reach(`load ${String((times += 1))}`);
  // The time of the end of a job is asked for once its package is in its place.
  if (isPacked) reach('placed');
  return new Date(time);
};

const clock = { elapsedMs: () => performance.now(), wait: () => Promise.resolve() };
const runner = await QueryRunner.open({ directory, env: {}, now, clock });
const run = runner.run.bind(runner);
const pack = runner.pack.bind(runner);
/** @type {typeof run} */
runner.run = async (request, options) => {
  reach('submitted');
  const outcome = await run(request, {
    ...options,
    beforeRelease: async (result) => {
      reach('started');
      await options?.beforeRelease?.(result);
      reach('kept');
    },
  });
  reach('released');
  return outcome;
};
/** @type {typeof pack} */
runner.pack = async (result, recipients) => {
  const bytes = await pack(result, recipients);
  reach('packed');
  isPacked = true;
  return bytes;
};

const ended = new Promise((resolve) => {
  void Jobs.open({ reader: new RoomReader(directory), runner, processes: 1, now, report: resolve }).then((jobs) => {
    const asked = JSON.parse(ask);
    if (!('path' in asked)) return jobs.submitQuery(JSON.parse(caller), asked, key);
    const submitted = jobs.submitLoad(JSON.parse(caller), asked);
    isLoading = true;
    return submitted;
  });
});
await ended;
reach('ended');
process.exit(1);
