// Waits for a job: the events tell when it ends, and asking now and then makes sure.

import { ApiError, GoneError, get, post } from "./api.js";
import { connection } from "./connection.js";
import { live } from "./live.js";

const ENDED = new Set(["done", "failed", "cancelled"]);
const ASK_EVERY_MS = 4000;

export const isEnded = (job) => ENDED.has(job.state);

/** @param {object} _job what nobody listens to */
const nobody = (_job) => {};

/**
 * Resolve with the job when it has ended; `onChange` hears of each step.
 * @param {{id: string}} job
 * @param {{onChange?: (job: any) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export function ended(job, { onChange = nobody, signal = null } = {}) {
  return new Promise((resolve, reject) => {
    const stops = [];
    const finish = (settle, value) => {
      for (const stop of stops) stop();
      settle(value);
    };
    const look = async () => {
      try {
        const now = await get(`jobs/${job.id}`);
        onChange(now);
        if (isEnded(now)) finish(resolve, now);
      } catch (error) {
        if (!(error instanceof GoneError)) finish(reject, error);
      }
    };
    const timer = setInterval(look, ASK_EVERY_MS);
    stops.push(() => clearInterval(timer), connection.on("restored", look));
    stops.push(
      live.on("*", ({ type, data }) => {
        if (!type.startsWith("job.") || data.id !== job.id) return;
        if (isEnded(data)) look();
        else onChange(data);
      }),
    );
    signal?.addEventListener("abort", () => finish(reject, signal.reason), { once: true });
    look();
  });
}

/** Cancel a job; one that has ended meanwhile is fine. */
export async function cancel(job) {
  try {
    await post(`jobs/${job.id}/cancel`);
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "job_finished")) throw error;
  }
}
