#include "tests/unit/chat/teams_help.h"

#define ENVELOPE                                                                                    \
    "'timestamp':'2026-09-01T10:00:00.123Z','localTimestamp':'2026-09-01T12:00:00.123+02:00',"      \
    "'channelId':'msteams','serviceUrl':'https://smba.trafficmanager.net/emea/',"                   \
    "'from':{'id':'29:1AbC-_x','name':'Ana','aadObjectId':'33333333-0000-0000-0000-00000000000A'}," \
    "'recipient':{'id':'" TEAMS_BOT "','name':'Workbot'},"                                          \
    "'entities':[{'type':'clientInfo','locale':'en-US','country':'US','platform':'Web'}],"
#define PERSONAL                                                                                   \
    "'conversation':{'conversationType':'personal','tenantId':'" TENANT_A "','id':'a:1xyz_-9'},"   \
    "'channelData':{'tenant':{'id':'" TENANT_A "'}}"
#define CHANNEL                                                                                    \
    "'conversation':{'isGroup':true,'conversationType':'channel','tenantId':'" TENANT_A "',"       \
    "'id':'19:ops@thread.tacv2;messageid=1790000000100'},"                                         \
    "'channelData':{'tenant':{'id':'" TENANT_A "'},'team':{'id':'19:team@thread.tacv2'},"          \
    "'channel':{'id':'19:ops@thread.tacv2','type':'standard'}}"
#define PRESS "{'a':'disconnect','v':'conn-1','m':'msg-7','n':3,'t':'tok1'}"

const char TEAMS_DM[] = "{'type':'message','id':'1790000000123','textFormat':'plain'," ENVELOPE
                        "'text':'help'," PERSONAL "}";

const char TEAMS_MENTION[] =
    "{'type':'message','id':'1790000000200',"
    "'timestamp':'2026-09-01T10:00:00.123Z','channelId':'msteams',"
    "'serviceUrl':'https://smba.trafficmanager.net/emea/',"
    "'from':{'id':'29:1AbC-_x','name':'Ana','aadObjectId':'" ANA "'},"
    "'recipient':{'id':'" TEAMS_BOT "','name':'Workbot'},"
    "'entities':[{'type':'mention','mentioned':{'id':'" TEAMS_BOT "','name':'Workbot'},"
    "'text':'<at>Workbot</at>'}],'text':'<at>Workbot</at> help\\r\\n'," CHANNEL "}";

const char TEAMS_EXECUTE[] =
    "{'type':'invoke','name':'adaptiveCard/action','id':'f:1','replyToId':'1790000000300'," ENVELOPE
    "'value':{'action':{'type':'Action.Execute','id':'','verb':'disconnect','data':{'wb':" PRESS
    "}},'trigger':'manual'}," CHANNEL "}";

const char TEAMS_SUBMIT[] =
    "{'type':'message','id':'1790000000400','replyToId':'1790000000300'," ENVELOPE
    "'value':{'wb':" PRESS "}," PERSONAL "}";

const char TEAMS_FORM[] =
    "{'type':'invoke','name':'task/submit','id':'f:2'," ENVELOPE
    "'value':{'data':{'wb':{'f':'inputs','p':'run-1','l':['name','amount','wb','close']},"
    "'in_name':'Acme','in_amount':'','in_wb':'x','in_other':'y'},'context':{'theme':'dark'}}," CHANNEL
    "}";

const char TEAMS_INSTALL[] =
    "{'type':'installationUpdate','action':'add','id':'f:5a'," ENVELOPE
    "'conversation':{'isGroup':true,'conversationType':'channel','id':'19:ops@thread.tacv2',"
    "'tenantId':'" TENANT_A "'},'channelData':{'tenant':{'id':'" TENANT_A "'}}}";

const char TEAMS_CHANGE[] =
    "{'type':'conversationUpdate','id':'f:6'," ENVELOPE
    "'membersAdded':[{'id':'29:other','aadObjectId':'33333333-0000-0000-0000-00000000000b'},"
    "{'id':'" TEAMS_BOT "'}],"
    "'conversation':{'isGroup':true,'conversationType':'channel','id':'19:ops@thread.tacv2',"
    "'tenantId':'" TENANT_A "'},'channelData':{'eventType':'teamMemberAdded',"
    "'tenant':{'id':'" TENANT_A "'},'channel':{'id':'19:gone@thread.tacv2'}}}";
