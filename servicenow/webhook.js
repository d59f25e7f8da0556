(function executeRule(current) {
  // ES5, and all in one place: Port's mapping (integrations/servicenow.yaml) reads exactly these keys.
  try {
    var tag = current.getValue('u_external_tags') || '';
    if (!tag) {
      return; // not one of ours
    }
    var iso = function (moment) {
      return moment ? moment.replace(' ', 'T') + 'Z' : null;
    };
    var body = {
      sys_id: current.getUniqueValue(),
      number: current.getValue('number'),
      short_description: current.getValue('short_description'),
      description: current.getValue('description') || '',
      state: current.getValue('state'),
      approval: current.getValue('approval'),
      active: current.getValue('active') == '1',
      on_hold: current.getValue('on_hold') == '1',
      priority: current.getValue('priority'),
      category: current.getValue('category') || '',
      external_tags: tag,
      created_by: current.getValue('sys_created_by'),
      created_on: iso(current.getValue('sys_created_on'))
    };
    var message = new sn_ws.RESTMessageV2('portctl webhook', 'post');
    message.setRequestBody(JSON.stringify(body));
    var code = message.execute().getStatusCode();
    if (code < 200 || code > 299) {
      gs.error('portctl: Port answered ' + code + ' for ' + body.number);
    }
  } catch (error) {
    gs.error('portctl: ' + error);
  }
})(current);
