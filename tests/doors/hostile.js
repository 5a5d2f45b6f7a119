// What a hostile page can try on an address that is not its own. Returns what it could read.
async ([base, routes, forged]) => {
    const read = [];
    const note = (how, method, path) => read.push(`${how} ${method} ${path}`);
    const soon = (promise, ms = 1500) =>
        Promise.race([promise, new Promise(done => setTimeout(done, ms))]);
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json'];

    const fetches = async (method, path) => {
        const bodied = !['GET', 'HEAD'].includes(method);
        for (const mode of ['cors', 'no-cors'])
            for (const credentials of ['omit', 'include'])
                for (const type of bodied ? types : [null]) {
                    const headers = type ? {'content-type': type} : {};
                    if (mode === 'cors') headers['xi-api-key'] = 'k';
                    const options = {method, mode, credentials, headers};
                    if (bodied) options.body = forged;
                    if (mode === 'no-cors' && !['GET', 'HEAD', 'POST'].includes(method)) continue;
                    try {
                        const answer = await soon(fetch(base + path, options));
                        if (answer && answer.type !== 'opaque')
                            note(mode, method, `${path} ${answer.status}`);
                    } catch { /* kept out */ }
                }
    };
    const element = (tag, url) => soon(new Promise(done => {
        const made = document.createElement(tag);
        made.onload = () => { if (tag !== 'iframe') note(tag, 'GET', url); done(); };
        made.onerror = done;
        made[tag === 'link' ? 'href' : 'src'] = url;
        if (tag === 'link') made.rel = 'stylesheet';
        document.body.append(made);
    }));
    const form = (path, enctype) => soon(new Promise(done => {
        const frame = document.createElement('iframe');
        frame.name = `f${Math.random()}`;
        document.body.append(frame);
        frame.onload = done;
        const made = document.createElement('form');
        Object.assign(made, {method: 'POST', action: base + path, enctype, target: frame.name});
        const field = document.createElement('input');
        // A JSON text that a form can say: the name up to "=", the value after it.
        Object.assign(field, {name: forged.slice(0, -1) + ',"x":"', value: '"}'});
        made.append(field);
        document.body.append(made);
        made.submit();
    }));
    const socket = path => soon(new Promise(done => {
        const made = new WebSocket(base.replace('http', 'ws') + path);
        made.onopen = () => { note('socket', 'GET', path); made.send(forged); done(); };
        made.onmessage = () => note('message', 'GET', path);
        made.onclose = done;
    }));
    const events = path => soon(new Promise(done => {
        const made = new EventSource(base + path, {withCredentials: true});
        made.onopen = () => { note('events', 'GET', path); made.close(); done(); };
        made.onerror = () => { made.close(); done(); };
    }));

    const each = async ([method, path]) => {
        if (method === 'WEBSOCKET') return socket(path);
        await fetches(method, path);
        if (method === 'GET') {
            await Promise.all(['img', 'script', 'link', 'iframe'].map(t => element(t, base + path)));
            await events(path);
        }
        if (method === 'POST') {
            navigator.sendBeacon(base + path, forged);
            await form(path, 'text/plain');
            await form(path, 'application/x-www-form-urlencoded');
        }
    };
    const waiting = [...routes];
    await Promise.all(Array.from({length: 16}, async () => {
        while (waiting.length) await each(waiting.pop());
    }));
    return read;
}
