import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { askingFor, isNamed } from './asking.ts';
import { clientSettings, type AwsSettings } from './settings.ts';

export const ACTIONS = ['logs:GetLogEvents'] as const;

const ask = askingFor(ACTIONS);

export const logsClient = (settings: AwsSettings): CloudWatchLogsClient =>
  new CloudWatchLogsClient(clientSettings(settings));

export interface LogStream {
  readonly group: string;
  readonly stream: string;
}

/** Pages in one look: a task that writes faster than that is read on at the next look. */
const PAGES = 50;

/** Reads a stream on from where it stopped; gives the number of new lines. A stream that is not there yet has none. */
export const logReader = (client: CloudWatchLogsClient, { group, stream }: LogStream) => {
  let token: string | undefined;
  return async (onLine: (line: string) => void): Promise<number> => {
    let lines = 0;
    for (let page = 0; page < PAGES; page += 1) {
      const command = new GetLogEventsCommand({
        logGroupName: group,
        logStreamName: stream,
        startFromHead: true,
        ...(token === undefined ? {} : { nextToken: token }),
      });
      const answer = await ask('logs:GetLogEvents', `${group}/${stream}`, async (o) => {
        try {
          return await client.send(command, o);
        } catch (error) {
          if (isNamed(error, 'ResourceNotFoundException')) return undefined;
          throw error;
        }
      });
      if (answer === undefined) return lines;
      const events = answer.events ?? [];
      for (const { message = '' } of events) onLine(message.trimEnd());
      lines += events.length;
      // The end of a stream answers with the token it was asked with.
      const end = answer.nextForwardToken === undefined || answer.nextForwardToken === token;
      token = answer.nextForwardToken ?? token;
      if (end || events.length === 0) return lines;
    }
    return lines;
  };
};
