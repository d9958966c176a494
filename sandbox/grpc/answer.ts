import * as grpc from '@grpc/grpc-js';
import statuses from '@pulumi/pulumi/proto/status_pb.js';
import messages from '@pulumi/pulumi/proto/provider_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { messageOf } from '../../lib/errors.ts';
import { PartialFailure } from '../provider/contract.ts';

/** A unary call as the server library hands it over. */
export type Answer = (
  call: grpc.ServerUnaryCall<unknown, unknown>,
  callback: grpc.sendUnaryData<unknown>,
) => void;

/**
 * Turns a promise into an answer. The signal is aborted when the engine gives the call up before it is answered
 * (the event also fires after normal replies, hence the flag).
 */
export const answer =
  <Request, Response>(handle: (request: Request, signal: AbortSignal) => Promise<Response>): Answer =>
  (call, callback) => {
    const controller = new AbortController();
    let answered = false;
    call.on('cancelled', () => {
      if (!answered) controller.abort(new Error('the engine cancelled the call'));
    });
    void settle(call.request as Request, controller.signal);
    async function settle(request: Request, signal: AbortSignal): Promise<void> {
      try {
        const response = await handle(request, signal);
        answered = true;
        callback(null, response);
      } catch (error) {
        answered = true;
        callback(failure(error));
      }
    }
  };

/** A half-made resource carries its id and outputs, so that the engine keeps it and updates it the next time. */
const failure = (error: unknown): grpc.ServiceError => {
  const message = messageOf(error);
  const metadata = new grpc.Metadata();
  if (error instanceof PartialFailure) {
    const detail = new messages.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(
      struct.Struct.fromJavaScript(error.outputs as Record<string, struct.JavaScriptValue>),
    );
    detail.setReasonsList([message]);
    const packed = new any.Any();
    packed.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const status = new statuses.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(packed);
    metadata.add('grpc-status-details-bin', Buffer.from(status.serializeBinary()));
  }
  return Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message, metadata });
};
