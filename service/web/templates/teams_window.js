// The last page of a login in a window of Teams: gives the client around it what the page holds for
// it. The client closes the window then; where there is none, or it cannot be reached, the page
// shows what to do by hand.
'use strict';
(() => {
  const BY_HAND_AFTER_MS = 5000;
  const page = document.documentElement;
  const byHand = () => page.classList.remove('handing-over');
  const parsed = new Promise(done => document.addEventListener('DOMContentLoaded', done, {once: true}));
  const handOver = async () => {
    try {
      await Promise.all([parsed, microsoftTeams.app.initialize()]);
      const {code, failure} = document.getElementById('teams').dataset;
      if (code) microsoftTeams.authentication.notifySuccess(code);
      else microsoftTeams.authentication.notifyFailure(failure);
    } catch {
      byHand();
    }
  };
  const whenLibrary = act => event => event.target.id === 'teams-library' && act();
  page.classList.add('handing-over');
  setTimeout(byHand, BY_HAND_AFTER_MS);
  document.addEventListener('load', whenLibrary(handOver), true);
  document.addEventListener('error', whenLibrary(byHand), true);
})();
