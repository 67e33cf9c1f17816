"use strict";
(() => {
  const live = document.getElementById("live");
  const content = document.getElementById("content");
  const link = document.getElementById("link");
  const { kind, command, version } = live.dataset;
  const token = new URLSearchParams(location.search).get("token");
  const address = (name, asked = {}) => `${name}?${new URLSearchParams({ token, ...asked })}`;

  const say = (text) => {
    link.textContent = text;
    link.hidden = !text;
  };

  // --- what comes by the stream -------------------------------------------------------------------------------------

  const named = (details) => `${details.closest("[id]")?.id}/${details.querySelector("summary")?.textContent}`;

  // Other text in the same place; what a reader has opened stays open, and what has the focus keeps it.
  const replace = (part, html) => {
    const held = part.contains(document.activeElement) ? document.activeElement : null;
    const focus = held?.getAttribute("href") ?? held?.getAttribute("name");
    const open = new Set([...part.querySelectorAll("details[open]:not(.pairs > details)")].map(named));
    part.innerHTML = html;
    for (const details of part.querySelectorAll("details")) if (open.has(named(details))) details.open = true;
    if (focus) [...part.querySelectorAll("a, [name]")].find((other) => [other.getAttribute("href"), other.getAttribute("name")].includes(focus))?.focus({ preventScroll: true });
  };

  // Above the report only the sections that have changed are replaced: answers in the others stay.
  const known = new Map([...live.children].map((section) => [section.id, section.outerHTML]));
  const inform = (html) => {
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const ids = [...fresh.content.children].map((section) => section.id);
    if (ids.join() !== [...live.children].map((section) => section.id).join()) {
      known.clear();
      live.innerHTML = html;
    }
    for (const section of fresh.content.children) {
      if (known.get(section.id) === section.outerHTML) continue;
      if (known.has(section.id)) {
        const there = document.getElementById(section.id);
        for (const { name, value } of section.attributes) there.setAttribute(name, value);
        replace(there, section.innerHTML);
      }
      known.set(section.id, section.outerHTML);
    }
  };

  const renew = (html) => {
    const chosen = [...content.querySelectorAll(".pairs > .chosen")].map((details) => ({
      step: details.closest(".step").id, source: details.dataset.source, target: details.dataset.target,
    }));
    const top = scrollY;
    replace(content, html);
    document.dispatchEvent(new CustomEvent("netlab:content", { detail: chosen }));
    scrollTo(0, top);
  };

  // What is above the report, in a word in the corner: it is seen from everywhere.
  const corner = document.getElementById("corner");
  const mind = () => {
    const state = live.querySelector(".state");
    corner.textContent = state?.dataset.says ?? "";
    corner.classList.toggle("bad", state?.matches(".stale, .unhealthy") ?? false);
    content.classList.toggle("stale", state?.classList.contains("stale") ?? false);
    if (kind !== "lab") return;
    const places = JSON.parse(content.querySelector("[data-places]")?.dataset.places ?? "{}");
    const broken = new Set(JSON.parse(state?.dataset.broken ?? "[]").map((node) => places[node]));
    for (const title of JSON.parse(content.querySelector(".step")?.dataset.broken ?? "[]")) broken.add(title);
    for (const title of content.querySelectorAll(".topology g > title"))
      title.parentNode.classList.toggle("broken", broken.has(title.textContent));
  };
  mind();

  const stream = new EventSource(address("events", { since: version }));
  stream.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.content !== null) renew(news.content);
    inform(news.live);
    mind();
  };
  stream.onopen = () => say("");
  stream.onerror = () => say(
    stream.readyState === EventSource.CLOSED
      ? "This page is no longer kept up to date: too many pages are open, or this address is of an earlier netlab ui."
      : "netlab ui does not answer: it has ended, or it is busy. What is shown is what it said last.",
  );

  // --- what a reader asks of the chosen pair ------------------------------------------------------------------------

  const PROTOCOLS = ["icmp", "udp", "tcp"];
  const element = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);

  const ask = async (box, name, asked) => {
    box.textContent = "…";
    try {
      const answer = await fetch(address(name, asked), { method: "POST" });
      const found = answer.headers.get("content-type").includes("json") ? await answer.json() : { error: await answer.text() };
      if (found.html) box.innerHTML = found.html;
      else box.replaceChildren(element("p", found.error, { className: "wrong" }));
    } catch {
      box.replaceChildren(element("p", "netlab ui does not answer", { className: "wrong" }));
    }
  };

  const watching = (button, box, asked) => {
    const flow = new EventSource(address("flow", asked));
    const end = (text) => {
      flow.close();
      button.textContent = "watch loss";
      button.onclick = () => watching(button, box, asked);
      if (text) box.textContent = text;
    };
    button.textContent = "stop watching";
    button.onclick = () => end("");
    box.textContent = "…";
    flow.onmessage = (event) => {
      if (!box.isConnected) return end("");
      const found = JSON.parse(event.data);
      if (found.error) return end(found.error);
      box.textContent = found.says;
    };
    flow.onerror = () => end("it has ended: netlab ui does not answer, or too many are being watched");
  };

  const tools = (details) => {
    const { source, target } = details.dataset;
    const step = kind === "design" ? details.closest(".step").dataset.name : "";
    const box = element("div", "", { className: "answer" });
    box.setAttribute("aria-live", "polite");
    const row = element("p", "", { className: "ask" });
    for (const protocol of PROTOCOLS) {
      const asked = { source, target, protocol, ...(step ? { step } : {}) };
      const button = element("button", kind === "design" ? `why? ${protocol}` : `trace ${protocol}`, { type: "button" });
      button.onclick = () => ask(box, kind === "design" ? "explain" : "trace", asked);
      row.append(button, " ");
    }
    if (kind === "lab") {
      const button = element("button", "watch loss", { type: "button" });
      button.onclick = () => watching(button, box, { source, target });
      row.append(button);
    }
    const line = kind === "design"
      ? `netlab explain ${source} ${target}${command}${step ? ` --step '${step.replaceAll("'", "'\\''")}'` : ""}`
      : `netlab trace ${source} ${target}${command}`;
    const pasted = element("p", "", { className: "pasted quiet" });
    pasted.append("the same on a terminal: ", element("code", line));
    details.querySelector(".pair").append(row, box, pasted);
  };

  live.addEventListener("click", (event) => {
    const { node } = event.target.dataset;
    if (node) ask(event.target.parentNode.querySelector(".answer"), "routes", { node });
  });
  // Of a box, what the kernel has now: a button for each of its nodes.
  const now = ({ target, detail }) => {
    if (kind !== "lab") return;
    const places = JSON.parse(content.querySelector("[data-places]").dataset.places);
    const row = element("p", "", { className: "ask" });
    const box = element("div", "", { className: "answer" });
    for (const node of Object.keys(places).filter((name) => places[name] === detail && !name.endsWith("/") && !name.includes("/"))) {
      const button = element("button", `routes of ${node} now`, { type: "button" });
      button.onclick = () => ask(box, "routes", { node });
      row.append(button, " ");
    }
    target.querySelector(".tables").append(row, box);
  };
  document.addEventListener("netlab:inside", now);
  const open = content.querySelector(".topology .open > title");
  if (open) now({ target: document.getElementById("inside"), detail: open.textContent });

  document.addEventListener("netlab:chosen", (event) => {
    if (!event.target.querySelector(".ask")) tools(event.target);
  });
  for (const details of content.querySelectorAll(".pairs > .chosen")) tools(details);
})();
