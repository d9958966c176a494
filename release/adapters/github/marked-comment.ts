import type { Github } from '../../ports/github.ts';
import { commentBody, markerOf } from '../../core/github/comment.ts';

/**
 * Writes one comment of a kind (`key`) into a pull request: the one that is there is changed, however many others
 * there are; one that says the same already is left alone.
 */
export const putComment = async (
  { comments, reviews }: Pick<Github, 'comments' | 'reviews'>,
  pull: number,
  key: string,
  text: string,
): Promise<'created' | 'updated' | 'unchanged'> => {
  const marker = markerOf(key);
  const body = commentBody(key, text);
  const marked = (await comments.list(pull)).filter((c) => c.body.startsWith(marker));
  // The mark is no secret: a comment of somebody else with it stays theirs.
  const me = marked.length === 0 ? undefined : await reviews.me();
  const found = marked.find((c) => c.by === me || c.by.endsWith('[bot]'));
  if (found === undefined) {
    await comments.create(pull, body);
    return 'created';
  }
  if (found.body === body) return 'unchanged';
  await comments.update(found.id, body);
  return 'updated';
};
