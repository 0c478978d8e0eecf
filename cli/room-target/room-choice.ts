import type { ClockArguments, NetworkArguments, RoomArguments } from '../options/room-option.ts';
import type { LocalRoomOptions } from './local-room.ts';

/** The options that choose a room, and who uses it. */
export interface RoomChoice
  extends
    Pick<RoomArguments, 'room' | 'json'>,
    NetworkArguments,
    Partial<ClockArguments>,
    Pick<LocalRoomOptions, 'as' | 'limits'> {}
