/* What ipywidgets leaves out for those who do not see or point: names for sliders, a role for progress, keys for accordions.
   Runs once a page, whichever panel brings it. */
(function () {
  if (window.promptceilingMends) { return; }
  window.promptceilingMends = true;
  function set(node, values) {
    Object.keys(values).forEach(function (name) {
      if (node.getAttribute(name) !== values[name]) { node.setAttribute(name, values[name]); }
    });
  }
  function text(node, selector) {
    var found = node.querySelector(selector);
    return found ? found.textContent.trim() : '';
  }
  function mend() {
    document.querySelectorAll('.widget-slider').forEach(function (slider) {
      slider.querySelectorAll('[role=slider]').forEach(function (handle) {
        set(handle, {'aria-label': text(slider, '.widget-label') || 'value', 'aria-valuetext': text(slider, '.widget-readout')});
      });
      var readout = slider.querySelector('.widget-readout[contenteditable=true]');
      if (readout) { set(readout, {role: 'textbox', 'aria-label': text(slider, '.widget-label') + ', as a number'}); }
    });
    document.querySelectorAll('.widget-hprogress, .widget-vprogress').forEach(function (progress) {
      var bar = progress.querySelector('.progress-bar');
      set(progress, {role: 'progressbar', 'aria-label': text(progress, '.widget-label') || 'progress', 'aria-valuemin': '0',
        'aria-valuemax': '100', 'aria-valuenow': String(Math.round(parseFloat(bar && (bar.style.width || bar.style.height)) || 0))});
    });
    document.querySelectorAll('.jupyter-widget-Collapse').forEach(function (part) {
      var header = part.querySelector('.jupyter-widget-Collapse-header');
      if (!header) { return; }
      set(header, {role: 'button', tabindex: '0',
        'aria-expanded': String(part.classList.contains('jupyter-widget-Collapse-open'))});
    });
    document.querySelectorAll('.pc-controls .widget-upload input[type=file]').forEach(function (input) {
      set(input, {'aria-hidden': 'true', tabindex: '-1'});
    });
  }
  document.addEventListener('keydown', function (event) {
    var header = event.target.closest && event.target.closest('.jupyter-widget-Collapse-header');
    if (header && (event.key === 'Enter' || event.key === ' ')) { event.preventDefault(); header.click(); }
  });
  document.addEventListener('click', function (event) {  // a cell of a confusion matrix chooses what the dropdowns would
    var cell = event.target.closest && event.target.closest('.pc-mistakes .pc-cell');
    if (!cell) { return; }
    var panel = cell.closest('.pc-mistakes');
    ['expected', 'answered'].forEach(function (name) {
      var select = panel.querySelector('.pc-choose-' + name + ' select');
      if (!select || select.selectedIndex === Number(cell.dataset[name])) { return; }
      select.selectedIndex = Number(cell.dataset[name]);
      select.dispatchEvent(new Event('change', {bubbles: true}));
    });
    panel.querySelector('.pc-choose-expected').scrollIntoView({block: 'nearest', behavior: 'smooth'});
  });
  var waiting = false;
  new MutationObserver(function () {
    if (waiting) { return; }
    waiting = true;
    requestAnimationFrame(function () { waiting = false; mend(); });
  }).observe(document.body, {childList: true, subtree: true, characterData: true, attributes: true,
    attributeFilter: ['class', 'style']});
  mend();
}());
