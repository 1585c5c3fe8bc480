// Two things only: fetch the page's main part again every few seconds, and let one read and zoom a chart.
// Without this script every page is whole; it merely stands still.
"use strict";

const body = document.body;
const locale = document.documentElement.lang;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: body.dataset.zone });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: body.dataset.zone });

// --- live without reload -----------------------------------------------------------------------------------------

const refreshMs = 1000 * Number(body.dataset.refreshS);
let lostSince = null;

function busy() {
  const input = document.activeElement;
  return dragging !== null || Date.now() - readAt < 5000 || (input && input.matches("main input") && input.value !== "");
}

async function refresh() {
  if (document.hidden || busy()) return;
  const address = location.href;
  try {
    const response = await fetch(address, { headers: { "X-Fragment": "1", Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
    if (response.status === 401) return location.reload();
    if (!response.ok) throw new Error(response.status);
    const text = await response.text();
    if (!busy() && address === location.href) swap(text);
    lost(false);
  } catch {
    lost(true);
  }
}

function swap(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
  const old = document.getElementById("main");
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") || document.activeElement.id : null;
  old.replaceChildren(...fresh.childNodes);
  document.title = fresh.dataset.title;
  const again = focused && [...old.querySelectorAll("[href],[id]")].find((e) => (e.getAttribute("href") || e.id) === focused);
  if (again) again.focus({ preventScroll: true });
}

function lost(isLost) {
  const notice = document.getElementById("lost");
  if (isLost && lostSince === null) {
    lostSince = new Date();
    notice.textContent = notice.dataset.text.replace("{time}", clock.format(lostSince));
  }
  if (!isLost) lostSince = null;
  notice.hidden = !isLost;
  body.classList.toggle("is-lost", isLost);
}

if (refreshMs > 0) {
  setInterval(refresh, refreshMs);
  document.addEventListener("visibilitychange", refresh);
}

// --- charts: read out under the pointer, drag to zoom ------------------------------------------------------------

let dragging = null; // {chart, fromX}, in the chart's own units
let readAt = 0; // when the pointer last moved over a chart: one that merely rests there does not stop the page

function chartX(chart, event) {
  const box = chart.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
  return Math.min(Math.max(x, Number(chart.dataset.left)), Number(chart.dataset.right));
}

function timeAt(chart, x) {
  const { from, to, left, right } = chart.dataset;
  return Number(from) + ((x - left) / (right - left)) * (to - from);
}

function rate(bps) {
  const [unit, size] = [["Gbps", 1e9], ["Mbps", 1e6], ["kbps", 1e3]].find(([, s]) => bps >= s) || ["bps", 1];
  return `${new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(bps / size)} ${unit}`;
}

function readOut(chart, x) {
  const readout = document.getElementById("readout");
  readout.dataset.rest ??= readout.textContent;
  const points = (chart.points ??= JSON.parse(chart.dataset.points));
  const at = timeAt(chart, x);
  const [start, down, up] = points.findLast((p) => p[0] <= at) || points[0];
  const { down: downName, up: upName, gap } = readout.dataset;
  const value = (name, bps) => `${name} ${bps === null ? gap : rate(bps)}`;
  readout.textContent = `${day.format(start * 1000)} ${clock.format(start * 1000)} · ${value(downName, down)} · ${value(upName, up)}`;
}

document.addEventListener("pointerdown", (event) => {
  const chart = event.target.closest?.(".chart");
  if (!chart || event.button !== 0 || event.pointerType === "touch") return;
  dragging = { chart, fromX: chartX(chart, event) };
  event.preventDefault();
});

document.addEventListener("pointermove", (event) => {
  const chart = dragging?.chart ?? event.target.closest?.(".chart");
  if (!chart) return rest();
  readAt = Date.now();
  const x = chartX(chart, event);
  const cursor = chart.querySelector(".cursor");
  cursor.setAttribute("transform", `translate(${x} 0)`);
  cursor.setAttribute("visibility", "visible");
  readOut(chart, x);
  if (!dragging) return;
  const zoom = chart.querySelector(".zoom");
  zoom.setAttribute("x", Math.min(x, dragging.fromX));
  zoom.setAttribute("width", Math.abs(x - dragging.fromX));
  zoom.setAttribute("visibility", "visible");
});

function rest() {
  for (const mark of document.querySelectorAll(".chart .cursor, .chart .zoom")) mark.setAttribute("visibility", "hidden");
  const readout = document.getElementById("readout");
  if (readout?.dataset.rest) readout.textContent = readout.dataset.rest;
}

document.addEventListener("pointerup", (event) => {
  if (!dragging) return;
  const { chart, fromX } = dragging;
  const x = chartX(chart, event);
  dragging = null;
  if (Math.abs(x - fromX) < 6) return rest();
  const [from, to] = [fromX, x].sort((a, b) => a - b).map((edge) => Math.round(timeAt(chart, edge)));
  location.search = `?from=${from}&to=${to}`;
});

document.addEventListener("dragstart", (event) => event.target.closest?.(".chart") && event.preventDefault());
