/** An error as S3 answers it: status, code, message. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const noSuchBucket = (name: string): S3Error =>
  new S3Error(404, 'NoSuchBucket', `The bucket ${name} does not exist.`);
export const noSuchKey = (key: string): S3Error =>
  new S3Error(404, 'NoSuchKey', `There is no object ${key}.`);
export const noSuchVersion = (id: string): S3Error =>
  new S3Error(404, 'NoSuchVersion', `There is no version ${id}.`);
export const noSuchUpload = (id: string): S3Error =>
  new S3Error(404, 'NoSuchUpload', `The multipart upload ${id} does not exist, or was completed or aborted.`);
export const accessDenied = (why: string): S3Error =>
  new S3Error(403, 'AccessDenied', `Access denied: ${why}`);
export const invalidRequest = (why: string): S3Error => new S3Error(400, 'InvalidRequest', why);
export const invalidArgument = (why: string): S3Error => new S3Error(400, 'InvalidArgument', why);
export const malformedXml = (): S3Error =>
  new S3Error(400, 'MalformedXML', 'The body is not the XML that this call expects.');
export const badDigest = (what: string): S3Error =>
  new S3Error(400, 'BadDigest', `The ${what} you specified did not match what we received.`);
export const preconditionFailed = (header: string): S3Error =>
  new S3Error(412, 'PreconditionFailed', `The condition in ${header} did not hold.`);
export const notImplemented = (what: string): S3Error =>
  new S3Error(501, 'NotImplemented', `This S3 does not implement ${what}.`);
