// The service's HTTP API, under whatever path this page was loaded from.

import { Emitter } from "./emitter.js";
import { hasWords, language, t } from "./i18n.js";

export const BASE = new URL("./", document.baseURI);
const API = new URL("api/v1/", BASE);
const TIMEOUT_MS = 30_000;
const GONE = new Set([502, 503, 504]);

/** "down": no answer; "up": an answer again; "unauthorized": signed out meanwhile. */
export const apiEvents = new Emitter();

/** The service said no, in its own words. */
export class ApiError extends Error {
  constructor(status, body, headers) {
    super(body?.error?.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body?.error?.code ?? "http_error";
    this.details = body?.error ?? {};
    this.retryAfter = Number(headers.get("Retry-After")) || null;
  }
}

/** The service did not answer. */
export class GoneError extends Error {
  code = "gone";
}

export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, body = {}, options) => call("POST", path, { body, ...options });
export const put = (path, body = {}, options) => call("PUT", path, { body, ...options });
export const remove = (path, query, options) => call("DELETE", path, { query, ...options });

/** Return the address of a route below api/v1/. */
export function address(path, query = {}) {
  const url = new URL(path, API);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

/** Return the address of a photo's picture: 320 or 1280 pixels. */
export const picture = (photoId, size = 320) => address(`photos/${photoId}/thumbnail`, { size }).href;

/**
 * Ask the service; returns its JSON, or null for an empty answer.
 * @param {string} method
 * @param {string} path below api/v1/
 * @param {{query?: object, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, timeout?: number}} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, { query, body, headers = {}, signal, timeout = TIMEOUT_MS } = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (method !== "GET") options.headers["X-Requested-With"] = "fetch";
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const deadline = AbortSignal.timeout(timeout);
  options.signal = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const response = await send(address(path, query), options, signal);
  if (response.ok) {
    apiEvents.emit("up");
    return response.status === 204 ? null : response.json();
  }
  throw await refusal(response);
}

/** Return what to tell a person about an error. */
export function inWords(error) {
  if (error instanceof GoneError) return t("gone.short");
  const key = `error.${error.code}`;
  // the service's own words are English and exact; another language has general ones
  if (language() !== "en" && hasWords(key)) return t(key);
  return error.message || String(error);
}

/** Return an error for an answer that is none; tells who must know. */
export async function refusal(response) {
  const body = await response.json().catch(() => null);
  if (GONE.has(response.status) && body?.error === undefined) return gone();
  apiEvents.emit("up");
  const error = new ApiError(response.status, body, response.headers);
  if (error.status === 401) apiEvents.emit("unauthorized", error);
  return error;
}

async function send(url, options, signal) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw gone();
  }
}

function gone() {
  apiEvents.emit("down");
  return new GoneError("the service does not answer");
}
