import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Members that may hold credentials; their values never reach a log line, at any of the usual depths. */
const SECRET_PATHS = [
  'token',
  'password',
  'authorization',
  'headers.authorization',
  '*.token',
  '*.password',
  '*.authorization',
];

export interface LogOptions {
  readonly name: string;
  readonly level?: string;
  /** @default standard error for command line tools is the caller's choice; standard output here */
  readonly destination?: DestinationStream;
}

/** JSON lines on the destination: messages start with a capital, carry no period, and name objects in fields. */
export function createLogger(options: LogOptions): Logger {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    base: { name: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_PATHS, censor: '***' },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
