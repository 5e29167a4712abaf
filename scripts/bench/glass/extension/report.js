// Carries what page.js has measured to the benchmark; a page's own policy may not let
// it connect there.
addEventListener("probe", (e) => {
  fetch(probePlan.report, { method: "POST", body: e.detail }).catch(() => {});
});
