/** A line through the scores of a classifier that turns each into the log-odds of what it scores. */
export interface Calibration {
  slope: number;
  intercept: number;
}

/** A score of a classifier, and whether what it scored turned out to be so. */
export interface Outcome {
  score: number;
  positive: boolean;
}

/** Steps that Newton's method may take; it needs about ten. */
const MAX_STEPS = 100;

/**
 * Platt scaling: the logistic curve that fits outcomes best, so that a classifier's 0.9 comes true nine times in ten.
 * The outcomes must not be those that the classifier learnt from, or it will seem surer than it may be.
 *
 * Follows Lin, Lin and Weng, "A note on Platt's probabilistic outputs for support vector machines" (2007): smoothed
 * targets, and Newton steps halved until they improve the fit, so it also ends where the outcomes part cleanly.
 */
export function calibrate(outcomes: readonly Outcome[]): Calibration {
  const positives = outcomes.filter(({ positive }) => positive).length;
  const negatives = outcomes.length - positives;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const points = outcomes.map(({ score, positive }) => ({ score, target: positive ? high : low }));

  let line: Calibration = { slope: 0, intercept: Math.log((positives + 1) / (negatives + 1)) };
  let loss = lossOf(line, points);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { slope, intercept } = newtonStep(line, points);
    let next = line;
    let nextLoss = Infinity;
    for (let part = 1; nextLoss >= loss && part > 1e-10; part /= 2) {
      next = { slope: line.slope - part * slope, intercept: line.intercept - part * intercept };
      nextLoss = lossOf(next, points);
    }
    if (nextLoss >= loss) return line;
    line = next;
    loss = nextLoss;
  }
  return line;
}

/** The log-odds of a score. */
export function logOddsOf({ slope, intercept }: Calibration, score: number): number {
  return slope * score + intercept;
}

/** The probability, 0 to 1, that belongs to log-odds. */
export function probabilityOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

interface Point {
  score: number;
  target: number;
}

/** Cross-entropy, written so that no large exponent overflows. */
function lossOf(line: Calibration, points: readonly Point[]): number {
  let loss = 0;
  for (const { score, target } of points) {
    const logOdds = logOddsOf(line, score);
    loss += Math.log1p(Math.exp(-Math.abs(logOdds))) + Math.max(logOdds, 0) - target * logOdds;
  }
  return loss;
}

function newtonStep(line: Calibration, points: readonly Point[]): Calibration {
  let slope = 0;
  let intercept = 0;
  // The second derivatives; a trace on the diagonal keeps them invertible when all scores are alike.
  let slope2 = 1e-12;
  let mixed = 0;
  let intercept2 = 1e-12;
  for (const { score, target } of points) {
    const p = probabilityOf(logOddsOf(line, score));
    slope += (p - target) * score;
    intercept += p - target;
    slope2 += p * (1 - p) * score * score;
    mixed += p * (1 - p) * score;
    intercept2 += p * (1 - p);
  }
  const determinant = slope2 * intercept2 - mixed * mixed;
  return {
    slope: (intercept2 * slope - mixed * intercept) / determinant,
    intercept: (slope2 * intercept - mixed * slope) / determinant,
  };
}
