// What a server-side script of ServiceNow finds around it: current, previous, gs, sn_ws. ES5, as the script itself.
// Evaluated as a function of the globals; answers {ok, value} or {ok, error}.
(function (global) {
  'use strict';
  var ask = global.call_python, input = global.dukpy, geval = global.eval, Forwarder = global.Proxy;

  // Nothing of the engine, of the host or of a later language than ES5 is left for the script to lean on.
  ['call_python', 'dukpy', 'process', 'require', '_require_set_module_id', 'console', 'Duktape', 'Buffer', 'CBOR',
    'Proxy', 'Reflect', 'Symbol', 'TextDecoder', 'TextEncoder', 'performance', 'globalThis', 'ArrayBuffer', 'DataView',
    'Float32Array', 'Float64Array', 'Int16Array', 'Int32Array', 'Int8Array', 'Uint16Array', 'Uint32Array',
    'Uint8Array', 'Uint8ClampedArray'].forEach(function (name) { delete global[name]; });
  ['codePointAt', 'endsWith', 'includes', 'repeat', 'startsWith'].forEach(function (name) {
    delete String.prototype[name];
  });
  ['assign', 'is', 'getOwnPropertySymbols', 'setPrototypeOf'].forEach(function (name) { delete Object[name]; });
  ['cbrt', 'clz32', 'hypot', 'imul', 'log10', 'log2', 'sign', 'trunc'].forEach(function (name) { delete Math[name]; });
  ['isFinite', 'isInteger', 'isNaN', 'isSafeInteger', 'parseFloat', 'parseInt'].forEach(function (name) { delete Number[name]; });
  delete String.fromCodePoint;

  function lacking(what) {
    return function () { throw new Error('not emulated by the sandbox: ' + what); };
  }
  function lacks(target, owner, names) {
    names.forEach(function (name) { target[name] = lacking(owner + '.' + name); });
  }
  function text(value) { return value === null || value === undefined ? '' : String(value); }

  // A column of a record. `field`: {value, display, type, reference, old}; `old` undefined: nothing is known of before.
  function GlideElement(name, field) {
    Object.defineProperty(this, '_', { value: { name: name, field: field } });
  }
  GlideElement.prototype = {
    toString: function () { return this._.field.value; },
    getName: function () { return this._.name; },
    getDisplayValue: function () { return this._.field.display; },
    nil: function () { return this._.field.value === ''; },
    changes: function () { return this._.field.old !== undefined && this._.field.old !== this._.field.value; },
    changesTo: function (value) { return this.changes() && this._.field.value === text(value); },
    changesFrom: function (value) { return this.changes() && this._.field.old === text(value); }
  };
  lacks(GlideElement.prototype, 'GlideElement', ['setValue', 'setDisplayValue', 'getRefRecord', 'getJournalEntry', 'getED',
    'getHTMLValue', 'getChoices', 'getChoiceValue', 'getLabel', 'getReferenceTable', 'dateNumericValue', 'hasAttribute',
    'canRead', 'canWrite', 'getGlideObject', 'getTableName', 'getBooleanValue', 'setError']);

  // A reference can be walked: current.business_service.name.
  function element(name, field) {
    var made = new GlideElement(name, field);
    if (!field.reference) return made;
    return new Forwarder(made, { get: function (target, key) {
      if (key in target || typeof key !== 'string') return target[key];
      var found = field.value ? ask('walk', field.reference, field.value, key) : null;
      return found ? element(key, found) : undefined;
    } });
  }

  function GlideRecord() { return lacking('new GlideRecord')(); }
  function record(given, isCurrent) {
    var made = Object.create(GlideRecord.prototype), elements = {}, hidden = { writable: false, enumerable: false };
    function method(name, run) { Object.defineProperty(made, name, { value: run, writable: hidden.writable }); }
    function store(name, value) {
      if (!Object.prototype.hasOwnProperty.call(given.fields, name)) return;
      given.fields[name].value = text(value);
      given.fields[name].display = text(value);
      if (isCurrent) ask('set', name, text(value));
    }
    Object.keys(given.fields).forEach(function (name) {
      elements[name] = element(name, given.fields[name]);
      Object.defineProperty(made, name, {
        enumerable: true,
        get: function () { return elements[name]; },
        set: function (value) { store(name, value); }
      });
    });
    method('getValue', function (name) {
      var field = given.fields[name];
      if (!field || field.value === '') return null;
      return field.type === 'boolean' ? (field.value === 'true' ? '1' : '0') : field.value;
    });
    method('setValue', store);
    method('getDisplayValue', function (name) {
      return name === undefined ? given.display : elements[name] ? elements[name].getDisplayValue() : null;
    });
    method('getElement', function (name) { return elements[name] || null; });
    method('isValidField', function (name) { return elements[name] !== undefined; });
    method('getUniqueValue', function () { return given.sys_id; });
    method('getTableName', function () { return given.table; });
    method('getRecordClassName', function () { return given.table; });
    method('isNewRecord', function () { return input.operation === 'insert'; });
    method('isValidRecord', function () { return true; });
    method('operation', function () { return input.operation; });
    method('changes', function () {
      return Object.keys(elements).some(function (name) { return elements[name].changes(); });
    });
    method('setAbortAction', function (flag) { if (isCurrent) ask('abort', flag !== false); });
    method('update', function () {
      if (!isCurrent || input.phase !== 'async') throw new Error('not emulated by the sandbox: update() in a ' + input.phase + ' rule');
      ask('update');
      return given.sys_id;
    });
    ['setWorkflow', 'autoSysFields', 'insert', 'deleteRecord', 'get', 'query', 'next', 'addQuery', 'addEncodedQuery',
      'getLink', 'getClassDisplayValue', 'getED', 'canRead', 'canWrite', 'setDisplayValue', 'getFields',
      'isActionAborted', 'setNewGuid', 'applyTemplate'].forEach(function (name) {
      method(name, lacking('GlideRecord.' + name));
    });
    return made;
  }

  function fill(message, rest) {
    return text(message).replace(/\{(\d+)\}/g, function (whole, index) {
      return rest[+index] === undefined ? whole : text(rest[+index]);
    });
  }
  function logger(level) {
    return function (message) { ask('log', level, fill(message, Array.prototype.slice.call(arguments, 1))); };
  }
  var gs = {
    info: logger('information'), log: logger('information'), print: logger('information'),
    warn: logger('warning'), error: logger('error'), debug: logger('debug'),
    getProperty: function (name, otherwise) {
      var value = ask('property', text(name));
      return value === null || value === undefined ? (otherwise === undefined ? null : otherwise) : value;
    },
    getUserID: function () { return input.user.sys_id; },
    getUserName: function () { return input.user.user_name; },
    hasRole: function (role) {
      return input.user.roles.indexOf('admin') >= 0 || input.user.roles.indexOf(text(role)) >= 0;
    },
    nil: function (value) { return text(value) === ''; },
    isInteractive: function () { return false; },
    addInfoMessage: logger('information'), addErrorMessage: logger('warning'),
    nowDateTime: function () { return input.now; }
  };
  lacks(gs, 'gs', ['include', 'eventQueue', 'eventQueueScheduled', 'getSession', 'getUser', 'setProperty', 'sleep',
    'now', 'daysAgo', 'beginningOfToday', 'endOfToday', 'getMessage', 'generateGUID', 'base64Encode', 'base64Decode',
    'getUserDisplayName', 'tableExists', 'urlEncode', 'xmlToJSON', 'logError', 'logWarning', 'setRedirect']);

  function RESTResponse(answer) { Object.defineProperty(this, '_', { value: answer }); }
  RESTResponse.prototype = {
    getStatusCode: function () { return this._.status; },
    getBody: function () { return this._.body; },
    getHeader: function (name) { return this._.headers[text(name).toLowerCase()] || null; },
    getHeaders: function () { return this._.headers; },
    haveError: function () { return this._.error !== null; },
    getErrorCode: function () { return this._.error === null ? 0 : 1; },
    getErrorMessage: function () { return this._.error; },
    waitForResponse: function () {}
  };
  lacks(RESTResponse.prototype, 'RESTResponseV2', ['getAllHeaders', 'getCookies', 'getQueryString',
    'getResponseAttachmentSysId', 'getResponseCookie']);

  function RESTMessageV2(name, method) {
    if (!(this instanceof RESTMessageV2)) throw new TypeError('RESTMessageV2 is to be called with new');
    var spec = { name: null, 'function': null, headers: {}, variables: {}, query: [] };
    if (name !== undefined) {
      spec.name = text(name);
      spec['function'] = text(method);
      ask('message', spec.name, spec['function']);
    }
    Object.defineProperty(this, '_', { value: spec });
  }
  RESTMessageV2.prototype = {
    setEndpoint: function (url) { this._.endpoint = text(url); },
    getEndpoint: function () { return this._.endpoint || ''; },
    setHttpMethod: function (method) { this._.method = text(method); },
    setHttpTimeout: function (milliseconds) { this._.timeout = +milliseconds; },
    setRequestHeader: function (name, value) { this._.headers[text(name)] = text(value); },
    setRequestBody: function (body) { this._.body = text(body); },
    getRequestBody: function () { return this._.body || ''; },
    setBasicAuth: function (user, password) { this._.basic = [text(user), text(password)]; },
    setQueryParameter: function (name, value) { this._.query.push([text(name), text(value)]); },
    setStringParameter: function (name, value) { this._.variables[text(name)] = text(value); },
    setStringParameterNoEscape: function (name, value) { this._.variables[text(name)] = text(value); },
    execute: function () { return new RESTResponse(ask('send', this._)); },
    executeAsync: function () { return new RESTResponse(ask('send', this._)); }
  };
  lacks(RESTMessageV2.prototype, 'RESTMessageV2', ['setAuthenticationProfile', 'setMIDServer', 'setMutualAuth',
    'setRequestBodyFromAttachment', 'setRequestBodyFromStream', 'saveResponseBodyAsAttachment', 'setEccParameter',
    'setEccCorrelator', 'setLogLevel', 'setRequestorProfile', 'getRequestHeaders', 'setRequestorContext']);

  global.gs = gs;
  global.sn_ws = { RESTMessageV2: RESTMessageV2, SOAPMessageV2: lacking('sn_ws.SOAPMessageV2') };
  global.GlideRecord = GlideRecord;
  ['GlideDateTime', 'GlideDate', 'GlideDuration', 'GlideAggregate', 'GlideRecordSecure', 'GlideSysAttachment', 'Packages',
    'GlideEncrypter', 'GlideHTTPRequest', 'GlideStringUtil', 'JSUtil', 'Workflow'].forEach(function (name) {
    global[name] = lacking(name);
  });
  global.current = record(input.current, true);
  global.previous = input.previous ? record(input.previous, false) : null;

  try {
    var value = geval(input.source);
    return { ok: true, value: input.mode === 'condition' ? !!value : null };
  } catch (error) {
    var is = error instanceof Error;
    return { ok: false, error: is ? error.name + ': ' + error.message : text(error), line: is ? error.lineNumber : null };
  }
})(this);
