// The editor of a recipe, while somebody types: asks what is wrong with the text as it stands, and says it below. Nothing
// is stored by that, and without this script the same is said when it is saved.
'use strict';
(() => {
  const PAUSE_MS = 600;
  const form = document.getElementById('recipe_text'), said = document.getElementById('checked');
  let timer, newest = 0, shown = '';
  const line = point => {
    const p = document.createElement('p'), path = document.createElement('code');
    path.textContent = point.path;
    p.append(`${point.place}: `, path, ` ${point.words}`);
    return p;
  };
  // What stands there already is not read out once more.
  const show = answer => {
    if (JSON.stringify(answer) === shown) return;
    shown = JSON.stringify(answer);
    const words = document.createElement('p');
    words.textContent = answer.words;
    said.className = `notice ${answer.tone}`;
    said.replaceChildren(words, ...answer.points.map(line));
  };
  const ask = async () => {
    const answer = await fetch(said.dataset.check, {method: 'POST', redirect: 'manual', body: new URLSearchParams(new FormData(form))});
    if (answer.ok) return answer.json();
    return {tone: 'warn', points: [], words: answer.type === 'opaqueredirect'
      ? 'You are signed out. What you wrote stays here, and is kept when you save it.'
      : 'This could not be checked now. It is checked when you save it.'};
  };
  const check = async () => {
    const mine = ++newest;
    const answer = await ask().catch(() => ({tone: 'warn', points: [], words: 'This could not be checked now. It is checked when you save it.'}));
    if (mine === newest) show(answer);
  };
  form.addEventListener('input', () => {
    newest++; // an answer that is still on its way is of another text
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE_MS);
  });
})();
