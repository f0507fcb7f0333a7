"use strict";
// Draws the charts, sorts tables, lists what is brushed, opens everything for print. The page reads well without it.
(function () {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const words = page.words;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const printing = matchMedia("print");
  const views = new Map();
  window.assayChartsDrawn = 0;
  window.assayChartsTotal = document.querySelectorAll(".chart").length;

  const tokens = () => page.tokens[dark.matches && !printing.matches ? "dark" : "light"];

  // Colours are named by tokens in the specification, never in the data.
  function coloured(value, colours) {
    if (typeof value === "string") return value[0] === "@" && colours[value.slice(1)] || value;
    if (Array.isArray(value)) return value.map((item) => coloured(item, colours));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, colours)]));
  }

  const inflated = new Map();
  function dataset(name) {
    if (!inflated.has(name)) {
      const columns = Object.entries(page.datasets[name]).map(([key, column]) => [key, column.words ? column.at.map((i) => column.words[i]) : column]);
      const length = columns.length ? columns[0][1].length : 0;
      inflated.set(name, Array.from({ length }, (_, i) => Object.fromEntries(columns.map(([key, column]) => [key, column[i]]))));
    }
    return inflated.get(name);
  }

  function datasets(value, found = {}) {
    if (value && typeof value === "object") {
      if (typeof value.name === "string" && Object.hasOwn(page.datasets, value.name)) found[value.name] = dataset(value.name);
      Object.values(value).forEach((item) => datasets(item, found));
    }
    return found;
  }

  // Panels side by side share the labels of their rows, which the first one has.
  function withoutRowLabels(spec) {
    const y = spec.encoding && spec.encoding.y;
    if (y && y.type === "nominal") y.axis = { ...y.axis, labels: false };
    (spec.layer || []).forEach(withoutRowLabels);
  }

  const least = { wide: 640, half: 400 }; // pixels below which a layer of labels is left out

  // In a narrow plot row labels are cut, column labels stand upright, and labels beside points are left to hovering.
  function narrowed(spec, width, around) {
    if (spec.layer) spec.layer = spec.layer.filter((layer) => !(width < (least[(layer.name || "").split("-")[0]] || 0)));
    const { x, y } = spec.encoding || {};
    if (around < 480 && y && y.type === "nominal") y.axis = { ...y.axis, labelLimit: Math.round(0.46 * width) };
    if (around < 480 && x && x.type === "nominal" && x.axis && x.axis.labelAngle) x.axis = { ...x.axis, labelAngle: -90 };
    (spec.layer || []).forEach((layer) => narrowed(layer, width, around));
  }

  function fitted(name, width, around, unlabelled) {
    const { spec, aspect } = page.charts[name];
    const made = coloured(spec, tokens());
    if (unlabelled) withoutRowLabels(made);
    narrowed(made, width, around);
    made.datasets = datasets(spec);
    if (aspect) {
      // Units must be equal on both axes: the size of the plot itself is set, and room is left for the titles.
      made.width = Math.max(120, width - 36);
      made.height = Math.round(made.width * aspect);
      made.autosize = { type: "pad" };
    } else {
      made.width = Math.max(160, width);
      made.autosize = { type: "fit-x", contains: "padding" };
    }
    return made;
  }

  const ruler = document.createElement("canvas").getContext("2d");
  function makeRoom(panels) {
    const place = panels.querySelector(".chart");
    const spec = page.charts[place.dataset.chart].spec;
    const rows = (spec.layer ? spec.layer[0] : spec).encoding.y.scale.domain;
    ruler.font = `11.5px ${page.config.font}`;
    panels.style.setProperty("--room", `${Math.ceil(Math.max(...rows.map((row) => ruler.measureText(row).width))) + 6}px`);
  }
  document.querySelectorAll(".panels.shared").forEach(makeRoom);

  function shares(place) {
    const panels = place.closest(".panels");
    if (!panels.classList.contains("shared")) return false;
    return place.closest(".panel").offsetTop === panels.firstElementChild.offsetTop && place.closest(".panel") !== panels.firstElementChild;
  }

  async function draw(place, width, around) {
    const name = place.dataset.chart;
    const old = views.get(name);
    const result = await vegaEmbed(place, fitted(name, width, around, shares(place)), {
      mode: "vega-lite", renderer: "svg", actions: false, config: coloured(page.config, tokens()), tooltip: { disableDefaultStyle: true },
    });
    if (old) old.finalize(); else window.assayChartsDrawn += 1;
    views.set(name, result);
    place.dataset.width = width;
    const list = document.querySelector(`[data-list="${place.closest("figure").id}"]`);
    if (list) result.view.addSignalListener("brush", (_, area) => listed(list, name, area));
    const control = place.closest("figure").querySelector(".slide");
    if (control) slide(control);
  }

  // Closed parts have no width: open them for the measurement, close them before anything is painted.
  function widths() {
    const closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((part) => { part.open = true; });
    const found = [...document.querySelectorAll(".chart")].map((place) => [place, Math.floor(place.clientWidth), place.closest(".panels").clientWidth]);
    closed.forEach((part) => { part.open = false; });
    return found;
  }

  let turn = Promise.resolve();
  function drawAll(anew) {
    const places = widths();
    turn = turn.then(async () => {
      for (const [place, width, around] of places) {
        if (!width || (!anew && Number(place.dataset.width) === width)) continue;
        try {
          await draw(place, width, around);
        } catch (error) {
          console.error(`chart ${place.dataset.chart}: ${error.message}`);
        }
      }
    });
    return turn;
  }

  // What is brushed on the map, as a list.
  const standing = new Map();
  function listed(list, name, area) {
    if (!standing.has(list)) standing.set(list, [...list.childNodes]);
    const axes = Object.keys(area);
    const rows = [...new Set(Object.values(datasets(page.charts[name].spec)).flat())];
    const inside = axes.length ? rows.filter((row) => axes.every((axis) => row[axis] >= Math.min(...area[axis]) && row[axis] <= Math.max(...area[axis]))) : [];
    if (!inside.length) {
      list.replaceChildren(...standing.get(list));
      return;
    }
    const box = document.createElement("div");
    box.className = "models";
    const table = document.createElement("table");
    table.createCaption().textContent = words.listed.replace("{n}", inside.length);
    for (const row of inside) {
      const cells = table.insertRow();
      const link = document.createElement("a");
      link.href = "#curves";
      link.dataset.run = row.run;
      link.textContent = String(row.run).slice(0, 7);
      link.title = row.run;
      cells.insertCell().append(link);
      cells.insertCell().textContent = row.label;
      cells.insertCell().textContent = typeof row.test_accuracy === "number" ? `${(100 * row.test_accuracy).toFixed(1)} %` : "";
    }
    box.append(table);
    list.replaceChildren(box);
  }

  // A slider walks through the rows of a table: what the row says stands beside it, and its figure's charts follow.
  function slide(control) {
    const input = control.querySelector("input");
    const table = document.getElementById(control.dataset.table);
    const at = Number(input.value);
    [...table.tBodies[0].rows].forEach((row, i) => row.classList.toggle("here", i === at));
    const cells = [...table.tBodies[0].rows[at].cells].map((cell) => cell.firstChild ? cell.firstChild.textContent : "");
    control.querySelectorAll("dd").forEach((said, i) => { said.textContent = cells[i]; });
    input.setAttribute("aria-valuetext", cells[0]);
    control.closest("figure").querySelectorAll(".chart").forEach((place) => {
      const drawn = views.get(place.dataset.chart);
      if (drawn) drawn.view.signal("at", at).runAsync();
    });
  }
  document.querySelectorAll(".slide").forEach((control) => {
    control.querySelector("input").addEventListener("input", () => slide(control));
    slide(control);
  });

  // A run's name leads to its learning curve.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-run]");
    if (!link) return;
    for (const [name, result] of views) {
      if (name.startsWith("curves-")) result.view.signal("chosen", link.dataset.run).runAsync();
    }
  });

  function sort(header) {
    const table = header.closest("table");
    const column = header.cellIndex;
    const up = header.getAttribute("aria-sort") !== "ascending";
    const keyed = [...table.tBodies[0].rows].map((row) => {
      const cell = row.cells[column];
      const number = cell.dataset.order === undefined ? NaN : Number(cell.dataset.order);
      return { row, number, text: cell.dataset.order ?? cell.textContent };
    });
    const numeric = keyed.some((item) => !Number.isNaN(item.number));
    keyed.sort((a, b) => {
      if (!numeric) return (up ? 1 : -1) * a.text.localeCompare(b.text, document.documentElement.lang, { numeric: true });
      if (Number.isNaN(a.number) || Number.isNaN(b.number)) return Number.isNaN(a.number) - Number.isNaN(b.number); // empty last
      return (up ? 1 : -1) * (a.number - b.number);
    });
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    table.tBodies[0].append(...keyed.map((item) => item.row));
  }
  document.querySelectorAll("table.sortable th button").forEach((button) => {
    button.addEventListener("click", () => sort(button.closest("th")));
  });

  document.querySelectorAll(".copy").forEach((button) => {
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        // A page opened from a disk may not use the clipboard: select the text, so that one key copies it.
        getSelection().selectAllChildren(code);
      }
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = words.copy; }, 1600);
    });
  });

  // Print shows everything, in light colours.
  let opened = [];
  function openAll() {
    if (opened.length) return;
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((part) => { part.open = true; });
  }
  function closeAgain() {
    opened.forEach((part) => { part.open = false; });
    opened = [];
  }
  addEventListener("beforeprint", openAll);
  addEventListener("afterprint", closeAgain);
  printing.addEventListener("change", () => { if (printing.matches) openAll(); else closeAgain(); if (dark.matches) drawAll(true); });
  dark.addEventListener("change", () => drawAll(true));

  // A link into a closed part opens it.
  function reveal() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target && target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  }
  addEventListener("hashchange", reveal);

  let resizing;
  addEventListener("resize", () => {
    clearTimeout(resizing);
    if (!printing.matches) resizing = setTimeout(() => drawAll(false), 150);
  });

  const links = new Map([...document.querySelectorAll(".toc a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.classList.remove("here"));
      links.get(entry.target.id).classList.add("here");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  links.forEach((_, id) => { const target = document.getElementById(id); if (target) seen.observe(target); });

  function start() { reveal(); drawAll(false); }
  if (document.readyState === "complete") start(); else addEventListener("load", start);
})();
