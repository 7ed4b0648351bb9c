#include "extract/lexicon.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace warifu::extract {
namespace {

using Set = std::unordered_set<std::string_view>;

/// The words of a constant text; the views point into it.
Set split(std::string_view text) {
  Set out;
  while (!text.empty()) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    out.insert(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
  return out;
}

constexpr std::string_view kFunctionWords = R"(
a an the this that these those some any each every either neither no not none such same other another both all i
me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves one ones who whom whose which what when where why how is
am are was were be been being do does did doing done have has had having will would shall should can could may
might must ought of to in on at by for with about from into onto over under up down out off as than then so if
or and but nor because while though although until unless since before after during between through against
within without upon per via there here too also just very really quite only even still yet already again ever
never always often i'm i've i'd i'll im ive you're you've you'd you'll he's he'd he'll she's she'd she'll it's
it'd it'll we're we've we'd we'll they're they've they'd they'll that's that'd that'll there's there'd here's
what's who's where's when's how's let's isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't
won't wouldn't shan't shouldn't can't couldn't cannot mightn't mustn't ain't dont didnt cant wont isnt its gonna
wanna gotta kinda more most less least much many few
)";

constexpr std::string_view kForeignWords = R"(
der die das den dem ein eine einen einem einer und ist sind war waren nicht ich wir ihr mich mir dich dir sie
mein meine meinen dein deine mit von zu zum zur auf für über aber auch noch schon nach bei seit heute gestern
morgen habe hat haben wird werden kann wenn weil dass sehr gern lieber als im am beim le la les un une des du au
aux et est sont était je tu il elle nous vous ils elles mon ma mes ton ta tes son sa ses notre pas ne que qui
dans pour avec sur sous mais où donc c'est j'ai j'aime suis très aussi chez depuis hier demain el los las una
unos unas y es son era yo tú él ella nosotros mi mis tu su sus del al en con por para pero como más muy también
ayer mañana hoy me te se lo estoy tengo gusta quiero il lo gli uno di da che non è sono sei ho hai mio mia sua
nel nella con per ma anche molto ieri oggi domani mi piace o os as um uma uns umas e é são eu você ele ela nós
meu minha seu sua não em no na nos nas com por mas muito ontem hoje de het een en ik jij wij zij mijn niet van
voor met maar ook naar bij gisteren vandaag jag och är inte det att på med som har han hon vi min mitt ni ben
bir ve bu için çok değil var yok ile nie jest się na do że jak ale mam był
)";

constexpr std::string_view kSmallTalk = R"(
hi hello hey heya hiya howdy yo greetings welcome morning afternoon evening night goodnight goodbye bye later
cheers thanks thank thx ty tysm please sorry pardon excuse congrats congratulations well done bravo wow whoa ooh
oh ah aw aww ohh ahh hmm hm huh haha hahaha lol lmao omg yay yeah yep yup yes no nope nah ok okay alright sure
fine right exactly absolutely definitely certainly totally indeed true agreed same course understood noted great
good nice cool awesome amazing fantastic wonderful lovely brilliant excellent perfect terrific super incredible
fabulous splendid sweet beautiful interesting impressive fun exciting inspiring awesome sounds sound looks look
seems glad happy pleased proud excited hear hearing know see seeing talk talking chat chatting catch soon meet
meeting love hope hoping wish luck best take care enjoy day weekend week time today tonight going doing goes
feel feeling mean means appreciate appreciated kind sweet support supportive much lot lots bunch bit such long
been got get problem worries worry pleasure anytime idea thought think guess totally tell more say said
something anything everything things thing way keep up stay safe touch rest back again buddy mate pal dude man
bro sis guys everyone folks help helping helpful question questions ask asking wait can't imagine can wonder
always really would be that's it's what's how's you're i'm we'll let's deserve
)";

constexpr std::string_view kInterjections = R"(
hi hello hey heya hiya howdy yo oh ah aw aww ooh ohh ahh hmm hm huh wow whoa haha hahaha lol omg yay yeah yep
yup well so ok okay alright anyway anyways thanks sure right gosh goodness exactly absolutely definitely totally
indeed true nah
)";

constexpr std::string_view kLabels = R"(
note notes tip tips hint warning caution important update edit ps nb fyi todo reminder remember question
questions answer answers example examples summary overview conclusion introduction intro background context
details detail description step steps option options part section chapter item items list plan plans goal goals
idea ideas result results output input error errors bug bugs fix reason reasons problem problems solution
solutions issue issues task tasks request requests response topic topics title subject re fwd from to cc date
time place location address phone email website url link links source sources price cost total budget duration
day days week weeks month months year years monday tuesday wednesday thursday friday saturday sunday january
february march april may june july august september october november december morning afternoon evening night
breakfast lunch dinner brunch dessert drinks ingredients directions instructions method methods pros cons
advantages disadvantages features feature requirements status version name names age job work hobbies hobby
likes dislikes favorite favorites favourite favourites first second third next finally also however therefore
thus actually basically so well okay ok yes no hi hello hey thanks sorry please good great wow oh user assistant
system human ai bot tool model agent function role message messages content text data code json xml http https
ftp mailto file files key value type id the this that these those my your our his her their its here there what
when where why how who which it i you we they he she and but or if because spoiler disclaimer attention info
information quote translation correction clarification fact facts opinion thoughts thought bonus extra
alternative alternatives recommended recommendation recommendations suggestion suggestions best worst top
current new old both all
)";

constexpr std::string_view kAbbreviations = R"(
mr mrs ms mx dr prof sr jr st mt ft rev hon gen col capt lt sgt messrs mme mlle e.g i.e eg ie etc vs cf ca
approx no nos vol pp ed eds fig figs dept univ inc ltd co corp bros est ext tel jan feb mar apr jun jul aug sep
sept oct nov dec mon tue tues wed thu thur thurs fri sat sun a.m p.m u.s u.k e.u u.n d.c ph.d b.a m.a b.sc m.sc
z.b d.h u.a bzw usw evtl bspw sra dra av avda
)";

constexpr std::string_view kAdverbs = R"(
also just really still always never usually often sometimes rarely seldom only even already currently now then
once probably maybe perhaps definitely certainly actually basically honestly finally recently lately mostly
mainly generally normally typically totally absolutely completely fully truly deeply quite rather almost nearly
hardly barely simply clearly obviously apparently literally suddenly soon ever both all too not kinda sorta
personally especially particularly secretly occasionally regularly frequently constantly eventually instead
later first originally previously
)";

constexpr std::string_view kModals =
    "can could will would shall should may might must cannot can't couldn't won't "
    "wouldn't shan't shouldn't mightn't mustn't ought cant wont wouldnt couldnt shouldnt";

/// past participle : base form; one word where past and participle are the same, `-` where past is regular
constexpr std::string_view kIrregular = R"(
was/been:be were/been:be had/had:have did/done:do went/gone:go bought/bought:buy brought/brought:bring
thought/thought:think taught/taught:teach caught/caught:catch saw/seen:see took/taken:take gave/given:give
got/gotten:get made/made:make came/-:come ran/-:run began/begun:begin wrote/written:write ate/eaten:eat
drank/drunk:drink drove/driven:drive flew/flown:fly grew/grown:grow knew/known:know left/left:leave
lost/lost:lose met/met:meet paid/paid:pay rode/ridden:ride sang/sung:sing sat/sat:sit slept/slept:sleep
sold/sold:sell sent/sent:send spent/spent:spend spoke/spoken:speak stood/stood:stand swam/swum:swim
told/told:tell threw/thrown:throw understood/understood:understand woke/woken:wake wore/worn:wear won/won:win
felt/felt:feel found/found:find fell/fallen:fall fought/fought:fight forgot/forgotten:forget
forgave/forgiven:forgive heard/heard:hear held/held:hold hid/hidden:hide kept/kept:keep laid/laid:lay
led/led:lead lent/lent:lend meant/meant:mean broke/broken:break built/built:build chose/chosen:choose
dealt/dealt:deal drew/drawn:draw dreamt/dreamt:dream dug/dug:dig hung/hung:hang rang/rung:ring rose/risen:rise
said/said:say shook/shaken:shake shone/shone:shine shot/shot:shoot -/shown:show stole/stolen:steal
struck/struck:strike stuck/stuck:stick swept/swept:sweep swore/sworn:swear became/-:become bit/bitten:bite
blew/blown:blow bent/bent:bend bled/bled:bleed fed/fed:feed fled/fled:flee froze/frozen:freeze knelt/knelt:kneel
learnt/learnt:learn lit/lit:light -/proven:prove -/sewn:sew sought/sought:seek spun/spun:spin
sprang/sprung:spring stung/stung:sting tore/torn:tear wept/wept:weep withdrew/withdrawn:withdraw
overcame/-:overcome overslept/overslept:oversleep rebuilt/rebuilt:rebuild burnt/burnt:burn spilt/spilt:spill
smelt/smelt:smell leapt/leapt:leap lied/lied:lie bred/bred:breed crept/crept:creep ground/ground:grind
shrank/shrunk:shrink sank/sunk:sink slid/slid:slide stank/stunk:stink strove/striven:strive wound/wound:wind
arose/arisen:arise awoke/awoken:awake bore/borne:bear beat/beaten:beat mistook/mistaken:mistake
undertook/undertaken:undertake underwent/undergone:undergo spoilt/spoilt:spoil used/used:use put/put:put
cut/cut:cut hit/hit:hit hurt/hurt:hurt let/let:let quit/quit:quit read/read:read set/set:set shut/shut:shut
split/split:split spread/spread:spread cost/cost:cost bet/bet:bet burst/burst:burst cast/cast:cast
upset/upset:upset
)";

constexpr std::string_view kPlurals = R"(
children:child men:man women:woman people:person wives:wife feet:foot teeth:tooth mice:mouse geese:goose
leaves:leaf knives:knife lives:life halves:half shelves:shelf wolves:wolf thieves:thief loaves:loaf better:good
best:good worse:bad worst:bad has:have does:do goes:go is:be are:be am:be
)";

constexpr std::string_view kVerbs = R"(
live like love want need hate prefer have am do go eat enjoy think know feel believe hope plan get make take
give come see keep try start stop begin become seem find tell ask say mean remember forget learn teach speak
write read listen hear watch buy sell pay spend save earn own rent wear carry bring send meet visit join leave
stay move arrive return understand agree disagree avoid refuse expect suppose guess wish miss admire adore
detest dislike despise appreciate consider recommend suggest follow lead manage handle create build fix repair
grow raise feed adopt belong suffer recover sleep wake sit stand lie swim sing paint draw bake knit sew commute
tend let put bring hold choose lose win catch throw attend study volunteer teach coach organise organize collect
donate invest owe support happen contain include involve
)";

constexpr std::string_view kVerbsOrNouns = R"(
work play run walk cook dance drive ride travel train call text email help use exercise hike camp climb ski surf
cycle garden fish hunt drink smoke diet rest dream talk chat date judge photograph film record perform tour post
blog code program design research report volunteer babysit clean wash shop order taste smoke practise practice
study stretch box row sail race jog skate fly land stream game
)";

struct Forms {
  std::unordered_map<std::string_view, std::string_view> base;
  Set past;
  Set participle;
};

Forms make_forms() {
  Forms out;
  for (const std::string_view entry : split(kIrregular)) {
    const std::size_t slash = entry.find('/');
    const std::size_t colon = entry.find(':');
    const std::string_view past = entry.substr(0, slash);
    const std::string_view participle = entry.substr(slash + 1, colon - slash - 1);
    const std::string_view base = entry.substr(colon + 1);
    if (past != "-") out.past.insert(past);
    out.participle.insert(participle == "-" ? base : participle);
    if (past != "-" && past != base) out.base.emplace(past, base);
    if (participle != "-" && participle != base) out.base.emplace(participle, base);
  }
  for (const std::string_view entry : split(kPlurals)) {
    const std::size_t colon = entry.find(':');
    out.base.emplace(entry.substr(0, colon), entry.substr(colon + 1));
  }
  return out;
}

const Forms& forms() {
  static const Forms kForms = make_forms();
  return kForms;
}

}  // namespace

bool is_function_word(std::string_view word) {
  static const Set kSet = split(kFunctionWords);
  return kSet.contains(word);
}
bool is_foreign_word(std::string_view word) {
  static const Set kSet = [] {
    Set set = split(kForeignWords);
    for (const std::string_view english : split(kFunctionWords)) set.erase(english);
    for (const std::string_view shared :
         {"war", "die", "hat", "son", "sale", "dans", "mon", "sur",  "bin", "min", "ton",
          "man", "van", "bad", "pas", "sent", "var",  "dem", "jest", "ben", "al",  "del"}) {
      set.erase(shared);
    }
    return set;
  }();
  return kSet.contains(word);
}
bool is_small_talk_word(std::string_view word) {
  static const Set kSet = split(kSmallTalk);
  return kSet.contains(word);
}
bool is_interjection(std::string_view word) {
  static const Set kSet = split(kInterjections);
  return kSet.contains(word);
}
bool is_label(std::string_view word) {
  static const Set kSet = split(kLabels);
  return kSet.contains(word);
}
bool is_abbreviation(std::string_view word) {
  static const Set kSet = split(kAbbreviations);
  return kSet.contains(word);
}
bool is_adverb(std::string_view word) {
  static const Set kSet = split(kAdverbs);
  return kSet.contains(word) || (word.size() > 4 && word.ends_with("ly") && word != "apply" && word != "reply" &&
                                 word != "supply" && word != "rely" && word != "multiply" && word != "imply");
}
bool is_modal(std::string_view word) {
  static const Set kSet = split(kModals);
  return kSet.contains(word);
}
bool is_past_form(std::string_view word) { return forms().past.contains(word); }
bool is_participle(std::string_view word) { return forms().participle.contains(word); }
bool is_verb(std::string_view word) {
  static const Set kSet = split(kVerbs);
  return kSet.contains(word);
}
bool is_verb_or_noun(std::string_view word) {
  static const Set kSet = split(kVerbsOrNouns);
  return kSet.contains(word);
}
std::string_view base_form(std::string_view word) {
  const auto found = forms().base.find(word);
  return found == forms().base.end() ? std::string_view() : found->second;
}

}  // namespace warifu::extract
