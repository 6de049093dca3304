// One film holds guided and unguided side by side with their heat maps below: nothing can run out of step.
const player = document.querySelector('.player');
const seekers = [];
if (player) {
  const video = player.querySelector('video'), canvas = player.querySelector('canvas'), pen = canvas.getContext('2d');
  const scrub = player.querySelector('input'), told = player.querySelector('output'), play = player.querySelector('.play');
  const fps = Number(player.dataset.fps), frames = Number(player.dataset.frames);
  let mode = 'side', wipe = 0.5, frame = 0, shown = -1;

  const names = {side: ['guided', 'unguided'], heat: ['guided', 'unguided'], wipe: ['guided', 'unguided']};
  function draw() {
    const w = video.videoWidth / 2, h = video.videoHeight / 2;
    if (!w) return;
    const upright = mode !== 'wipe' && canvas.clientWidth < 560;
    const across = mode === 'wipe' || upright ? 1 : 2, down = upright ? 2 : 1;
    if (canvas.width !== w * across || canvas.height !== h * down) { canvas.width = w * across; canvas.height = h * down; }
    const top = mode === 'heat' ? h : 0;
    if (mode === 'wipe') {
      const at = Math.round(w * wipe);
      pen.drawImage(video, w, 0, w, h, 0, 0, w, h);
      if (at > 0) pen.drawImage(video, 0, 0, at, h, 0, 0, at, h);
      pen.fillStyle = '#fff'; pen.fillRect(at - 1, 0, 2, h);
    } else {
      pen.drawImage(video, 0, top, w, h, 0, 0, w, h);
      pen.drawImage(video, w, top, w, h, upright ? 0 : w, upright ? h : 0, w, h);
    }
    label(names[mode][0], 0, 0);
    if (mode === 'wipe') label(names[mode][1], w, 0, true);
    else label(names[mode][1], upright ? 0 : w, upright ? h : 0);
  }
  function label(words, x, y, right) {
    const size = Math.max(11, Math.round(video.videoWidth / 2 / 42)), pad = size * 0.6;
    pen.font = `600 ${size}px system-ui, sans-serif`;
    const width = pen.measureText(words).width + 2 * pad, left = right ? x - width - pad : x + pad;
    pen.fillStyle = 'rgba(0,0,0,.55)'; pen.fillRect(left, y + pad, width, size * 1.8);
    pen.fillStyle = '#fff'; pen.textBaseline = 'middle'; pen.fillText(words, left + pad, y + pad + size * 0.95);
  }
  function tick() {
    if (!video.paused) frame = Math.min(frames - 1, Math.floor(video.currentTime * fps + 0.01));
    if (frame !== shown) {
      shown = frame; scrub.value = frame; told.textContent = `frame ${frame + 1} of ${frames}`;
      document.querySelectorAll('.now').forEach(mark => {
        const share = (frame - Number(mark.dataset.first)) / Math.max(1, Number(mark.dataset.count) - 1);
        mark.style.display = share < 0 || share > 1 ? 'none' : 'block'; mark.style.left = `${100 * share}%`;
      });
    }
    draw();
    requestAnimationFrame(tick);
  }
  function seek(to) {
    video.pause(); play.textContent = 'Play';
    frame = Math.max(0, Math.min(frames - 1, to)); video.currentTime = (frame + 0.5) / fps;
  }
  seekers.push(seek);
  const toggle = () => { if (video.paused) video.play(); else video.pause(); play.textContent = video.paused ? 'Play' : 'Pause'; };
  play.onclick = toggle;
  scrub.oninput = () => seek(Number(scrub.value));
  player.querySelectorAll('.modes button').forEach(button => button.onclick = () => {
    mode = button.value;
    player.querySelectorAll('.modes button').forEach(b => b.setAttribute('aria-pressed', b === button));
    player.querySelector('.scale').hidden = mode !== 'heat';
  });
  player.querySelector('select').onchange = event => { video.playbackRate = Number(event.target.value); };
  const drag = event => {
    if (mode === 'wipe' && (event.buttons || event.pointerType === 'mouse')) {
      const box = canvas.getBoundingClientRect(); wipe = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    }
  };
  canvas.onpointermove = drag; canvas.onpointerdown = event => { drag(event); if (mode !== 'wipe') toggle(); };
  document.addEventListener('keydown', event => {
    if (event.target.matches('input, select, button')) return;
    if (event.key === ' ') { event.preventDefault(); toggle(); }
    if (event.key === 'ArrowRight') seek(frame + 1);
    if (event.key === 'ArrowLeft') seek(frame - 1);
  });
  video.addEventListener('error', () => { told.textContent = 'this browser cannot play H.264'; }, true);
  requestAnimationFrame(tick);
}

// Plots: point at a frame to read it, click to go there.
for (const plot of document.querySelectorAll('.plot[data-series]')) {
  const data = JSON.parse(plot.dataset.series), area = plot.querySelector('.area'), cursor = plot.querySelector('.cursor');
  const keys = [...plot.querySelectorAll('.keys b')], first = Number(plot.dataset.first), count = Number(plot.dataset.count);
  const quiet = keys.map(key => key.textContent), where = plot.querySelector('.where'), silent = where.textContent;
  const at = event => {
    const box = area.getBoundingClientRect();
    return Math.round(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * (count - 1));
  };
  const read = event => {
    const index = at(event);
    cursor.style.display = 'block'; cursor.style.left = `${100 * index / Math.max(1, count - 1)}%`;
    keys.forEach((key, k) => { key.textContent = data[k][index] === undefined ? '–' : data[k][index].toFixed(2); });
    where.textContent = `frame ${index + first + 1}`;
  };
  area.addEventListener('pointermove', read);
  area.addEventListener('pointerdown', event => { read(event); seekers.forEach(seek => seek(at(event) + first)); });
  area.addEventListener('pointerleave', () => {
    cursor.style.display = 'none'; where.textContent = silent; keys.forEach((key, k) => { key.textContent = quiet[k]; });
  });
}
