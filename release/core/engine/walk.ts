import { enterBackup, enterBuild, enterMigrate } from './data.ts';
import { goBack, onFail } from './failure.ts';
import { enterRecord, enterSmoke } from './finish.ts';
import { enterMaintenance } from './maintenance.ts';
import { onHalt } from './halt.ts';
import { beginGoal, beginRevert } from './revert.ts';
import { enterDeploy, enterProbe } from './slot.ts';
import { enterStage } from './stages.ts';
import { enter, stepOf, type Jump, type Turn } from './turn.ts';

/** Follows the ways that phases chose, until one of them waits for something. */
export const follow = (t: Turn): void => {
  for (let jump = t.jump; jump !== undefined; jump = t.jump) {
    delete t.jump;
    take(t, jump);
  }
};

const take = (t: Turn, jump: Jump): void => {
  switch (jump.to) {
    case 'step':
      return beginStep(t);
    case 'probe':
      return enterProbe(t);
    case 'smoke':
      return enterSmoke(t);
    case 'fail':
      return onFail(t, jump.failure);
    case 'back':
      return goBack(t);
    case 'revert':
      return beginRevert(t);
    case 'record':
      return enterRecord(t, jump.status);
    case 'halt':
      return onHalt(t, jump.why);
  }
};

/** The step that stands next is begun; after the last one come the smoke tests, or the way back itself. */
const beginStep = (t: Turn): void => {
  const step = stepOf(t.s);
  if (step === undefined) return afterSteps(t);
  switch (step.kind) {
    case 'close':
    case 'open':
      return enterMaintenance(t, step);
    case 'backup':
      return enterBackup(t, step);
    case 'build':
      return enterBuild(t);
    case 'migrate':
      return enterMigrate(t, step);
    case 'up':
    case 'replace':
    case 'direct':
      return enterDeploy(t);
    case 'shift':
      if (!t.s.probed) return enterProbe(t);
      if (t.s.paused !== undefined) return enter(t, { name: 'hold' }, 'paused before the next stage');
      return enterStage(t, step);
    case 'back':
    case 'down':
      throw new Error(`step ${step.kind} is not part of a release`);
  }
};

const afterSteps = (t: Turn): void => {
  if (t.s.kind === 'release') return t.s.probed ? enterSmoke(t) : enterProbe(t);
  // An emergency does not wait for probes of a slot that has been up all the time.
  const trusted = t.s.goal?.warm !== undefined && t.s.request.rollback?.mode === 'emergency';
  return t.s.probed || trusted ? beginGoal(t) : enterProbe(t);
};
