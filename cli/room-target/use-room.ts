import { SealroomError } from '../../src/errors/index.ts';
import { isRoomAddress } from '../../src/project/index.ts';
import { memberEnvironment } from '../options/key-options.ts';
import { operatorEnvironment, roomDirectory } from '../options/room-option.ts';
import type { CliIo } from '../terminal.ts';
import { LocalRoom } from './local-room.ts';
import type { RemoteRoom } from './remote-room.ts';
import type { RoomChoice } from './room-choice.ts';
import type { RoomTarget } from './room-target.ts';

/**
 * Uses the room that the options name.
 *
 * @throws {SealroomError} USAGE_OPTION if an option is for the other kind of room; what `use` throws.
 */
export async function useRoom<Result>(
  io: CliIo,
  args: RoomChoice,
  use: (room: RoomTarget) => Promise<Result>,
): Promise<Result> {
  const { room, as, limits, home } = args;
  if (room !== undefined && isRoomAddress(room)) return useRemoteRoom(io, { ...args, room }, use);
  for (const name of ['ca', 'trust'] as const) {
    if (args[name] === undefined) continue;
    throw new SealroomError('USAGE_OPTION', `\`--${name}\` needs a room over the network`, {
      hint: 'give its address with `--room`, such as `https://room.example`',
    });
  }
  return use(
    new LocalRoom({
      io,
      directory: roomDirectory(io, args),
      member: memberEnvironment(io, { home }),
      operator: operatorEnvironment(io, args),
      as,
      limits,
    }),
  );
}

/** Uses a room over the network. @throws {SealroomError} as `openRemoteRoom`, and what `use` throws */
export async function useRemoteRoom<Result>(
  io: CliIo,
  args: RoomChoice & { readonly room: string },
  use: (room: RemoteRoom) => Promise<Result>,
): Promise<Result> {
  using room = await openRemote(io, args);
  return await use(room);
}

/** In a function of its own, because directories do without the code for the network. */
async function openRemote(io: CliIo, args: RoomChoice & { readonly room: string }): Promise<RemoteRoom> {
  const { openRemoteRoom } = await import('./remote-room.ts');
  return openRemoteRoom(io, args);
}
