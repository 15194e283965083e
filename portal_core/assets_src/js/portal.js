// Start of the page's script. Everything here is an upgrade: each page works without it.
import './elements/island.js';
import './elements/reveal.js';
import './elements/rows.js';
import './elements/people.js';
import './elements/grid.js';
import './elements/zone.js';
import { watchChooseAll } from './choose.js';
import { watchDialogs } from './dialog.js';
import { watchErrorSummaries } from './errors.js';
import { watchMenus } from './menu.js';
import { watchFilePreviews } from './preview.js';
import { watchPhrases } from './phrases.js';
import { watchPrintButtons } from './print.js';
import { foldSources } from './sources.js';
import { startHtmx } from './hypermedia.js';

document.documentElement.classList.replace('no-js', 'js');
watchChooseAll();
watchDialogs();
watchErrorSummaries();
watchMenus();
watchFilePreviews();
watchPrintButtons();
foldSources();
watchPhrases();
startHtmx();
