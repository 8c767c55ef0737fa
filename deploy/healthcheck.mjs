// Exits with 0 while the instance in this container answers that it is alive, else with 1.
const TIMEOUT_MS = 4_000;

/** @returns {Promise<boolean>} */
async function isAlive() {
  try {
    const answer = await fetch(`http://127.0.0.1:${process.env.PORT ?? '3000'}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

process.exitCode = (await isAlive()) ? 0 : 1;
