import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { aesGcmOpenJudge, aesGcmSealJudge, ed25519Judge, hkdfJudge, x25519Judge } from '../e2ee/testing/wycheproof.ts';
import type { AesGcmFile, Ed25519File, HkdfFile, Verdict, X25519File } from '../e2ee/testing/wycheproof.ts';
import { bundleForBrowser, serveScriptPage } from './support/script-page.ts';
import type { BrowserBundle } from './support/script-page.ts';
import type * as pageExports from './support/wycheproof-page.ts';

/** What the script of the page leaves there; only functions that run inside the page see it. */
declare const wycheproof: typeof pageExports;

const ROOT = join(import.meta.dirname, '..');

function readVectors<File>(name: string): File {
  return JSON.parse(readFileSync(join(ROOT, 'e2ee/testdata/wycheproof', name), 'utf8')) as File;
}

const ed25519 = readVectors<Ed25519File>('ed25519_test.json');
const x25519 = readVectors<X25519File>('x25519_test.json');
const aesGcm = readVectors<AesGcmFile>('aes_gcm_test.json');
const hkdf = readVectors<HkdfFile>('hkdf_sha256_test.json');

let bundle: BrowserBundle;
let site: Awaited<ReturnType<typeof serveScriptPage>>;

test.beforeAll(async () => {
  bundle = await bundleForBrowser(join(ROOT, 'e2e/support/wycheproof-page.ts'), 'wycheproof');
  site = await serveScriptPage(bundle.text);
});

test.afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

test.beforeEach(async ({ page }) => {
  await page.goto(site.url);
});

/** Compares what the browser made of a file with what the file says, and counts its cases. */
function expectVerdicts(actual: readonly Verdict[], expected: readonly Verdict[]): number {
  expect(actual).toEqual(expected);
  return new Set(actual.map(({ tcId }) => tcId)).size;
}

test.describe('in a browser every Wycheproof case has its verdict', () => {
  test('[SIG-7] in the Ed25519 file, from tweetnacl', async ({ page }) => {
    const actual = await page.evaluate((file) => wycheproof.ed25519Judge.actual(file), ed25519);
    expect(expectVerdicts(actual, ed25519Judge.expected(ed25519))).toBe(ed25519.numberOfTests);
  });

  test('[SIG-7] in the Ed25519 file, from WebCrypto where the browser has Ed25519', async ({ page }) => {
    const actual = await page.evaluate((file) => wycheproof.ed25519FastJudge.actual(file), ed25519);
    expect(expectVerdicts(actual, ed25519Judge.expected(ed25519))).toBe(ed25519.numberOfTests);
  });

  test('[E2E-3] in the X25519 file, with an all-zero shared secret refused', async ({ page }) => {
    const actual = await page.evaluate((file) => wycheproof.x25519Judge.actual(file), x25519);
    expect(expectVerdicts(actual, x25519Judge.expected(x25519))).toBe(x25519.numberOfTests);
    expect(actual.some(({ verdict }) => verdict === 'refused')).toBe(true);
  });

  test('[E2E-7] in the AES-GCM file: valid and of our sizes opens, anything else is refused', async ({ page }) => {
    const opened = await page.evaluate((file) => wycheproof.aesGcmOpenJudge.actual(file), aesGcm);
    expect(expectVerdicts(opened, aesGcmOpenJudge.expected(aesGcm))).toBe(aesGcm.numberOfTests);
    const sealed = await page.evaluate((file) => wycheproof.aesGcmSealJudge.actual(file), aesGcm);
    expect(expectVerdicts(sealed, aesGcmSealJudge.expected(aesGcm))).toBeGreaterThan(200);
  });

  test('[E2E-7] in the HKDF-SHA256 file', async ({ page }) => {
    const actual = await page.evaluate((file) => wycheproof.hkdfJudge.actual(file), hkdf);
    expect(expectVerdicts(actual, hkdfJudge.expected(hkdf))).toBe(hkdf.numberOfTests);
  });
});

test('[SIG-7] in a browser what strict verification refuses is refused without an error, and its honest twin accepted', async ({ page }) => {
  const verdicts = await page.evaluate(async () => {
    const { HOSTILE_MESSAGE, honestSignature, hostileSignatures, verifyEd25519, verifyEd25519Fast } = wycheproof;
    return Promise.all(
      [honestSignature(), ...hostileSignatures()].map(async ({ name, publicKey, signature }) => ({
        name,
        slow: verifyEd25519(publicKey, HOSTILE_MESSAGE, signature),
        fast: await verifyEd25519Fast(publicKey, HOSTILE_MESSAGE, signature),
      })),
    );
  });
  expect(verdicts.length).toBeGreaterThan(100);
  expect(verdicts.filter(({ slow, fast }) => slow || fast)).toEqual([{ name: 'an honest one', slow: true, fast: true }]);
});

test('[E2E-3] in a browser an X25519 key of a wrong length has no shared secret', async ({ page }) => {
  const lengths = await page.evaluate(() =>
    [0, 31, 32, 33].filter((length) => wycheproof.x25519SharedSecret(new Uint8Array(32).fill(9), new Uint8Array(length).fill(9)) !== null),
  );
  expect(lengths).toEqual([32]);
});

test('the bundle holds nothing of Node, and the page has none of it', async ({ page }) => {
  expect(bundle.inputs.filter((path) => !/^(?:e2ee|e2e\/support|protocol|node_modules\/tweetnacl)\/|^\(disabled\):/.test(path))).toEqual([]);
  expect(bundle.text).not.toMatch(/\bBuffer\.(?:from|alloc|concat)\b|\bprocess\.(?:env|versions|nextTick)\b|node:/);
  const found = await page.evaluate(() => ({
    secure: isSecureContext,
    node: ['Buffer', 'process', 'global', 'require'].filter((name) => name in globalThis),
  }));
  expect(found).toEqual({ secure: true, node: [] });
});
