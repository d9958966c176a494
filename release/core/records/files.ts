import type { RecordFile } from '../engine/effects.ts';
import type { State, Status } from '../engine/types.ts';
import { buildRecord } from './build.ts';
import { incidentDocument } from './incident.ts';
import { documentKey, incidentName, instructionsName, recordKey, recordName, reportName } from './names.ts';
import { failureReport } from './report.ts';
import { rollbackInstructions } from './instructions.ts';
import { serialiseRecord } from './parse.ts';

/** What is kept of a deployment: the record, how to go back, and what went wrong where something did. */
export const recordFiles = (s: State, now: number, ended?: Status): RecordFile[] => {
  const status = ended ?? (s.phase.name === 'record' ? s.phase.status : 'failed');
  const { deployment, environment } = s.request;
  const record = buildRecord(s, status, now);
  const document = (name: string, body: string): RecordFile => ({
    name,
    body,
    key: documentKey(environment, name),
  });
  return [
    { name: recordName(deployment), body: serialiseRecord(record), key: recordKey(environment, deployment) },
    document(instructionsName(deployment), rollbackInstructions(record)),
    ...(record.rollback?.mode === 'emergency' && record.kind === 'rollback'
      ? [document(incidentName(deployment), incidentDocument(record))]
      : []),
    ...(record.failure === undefined ? [] : [document(reportName(deployment), failureReport(record))]),
  ];
};
