"""Characters that most texts of a language have, to tell encodings apart whose bytes are characters in each other.

Rough lists, of function words and of what tables are about: names of places and people, headings, money, dates. A wrong
decoding hits them by chance only, one character in twenty or so; a right one with every second or third.
"""

from itertools import pairwise

__all__ = ["score_letters", "share_frequent"]

_USUAL = 0.7  # mean of a letter's place from the rarest, 0, to the most frequent, 1
_TURNS = 0.7  # share of the pairs of letters that are a vowel and a consonant
_SIMPLIFIED = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都"
    "然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长名称址电话城市省区县路号街姓性别男女"
    "数据金额价格量期间编码状态类型备注单位部门职业龄北京上海广东深圳州南西江湖河山民共王李张刘陈杨黄赵吴周世界司"
)
_TRADITIONAL = (
    "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼心多天而能好都"
    "然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長名稱址電話城市省區縣路號街姓性別男女"
    "資料金額價格數量期間編碼狀態類型備註單位部門職業齡台臺北高雄投東新竹嘉義花蓮南民共王李張劉陳楊黃趙吳周世界司"
)
_JAPANESE = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開"
    "手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法名住所電話番号都道府県区町村郵便性別"
    "男女価格数量付備考株式山川藤佐鈴木井阪横浜札幌福岡神奈のにはをたがでてとしれさいるなもこあかりくっらー・ンスルトイアクリシ"
)
_KOREAN = (
    "이다의는에을가고지로하기사한은도를인대자정시나어서리아원일전수상제보스국해여라부성동주과공중장신안조구유으만선면화적경연"
    "계무비요그음마니위개관바실문미용금소발세방식명단건업당결설치남울산광역회름데터람민녕"
)
_FREQUENT = {
    "gb18030": frozenset(_SIMPLIFIED),
    "big5": frozenset(_TRADITIONAL),
    "shift_jis": frozenset(_JAPANESE),
    "cp932": frozenset(_JAPANESE),
    "euc_jp": frozenset(_JAPANESE),
    "euc_kr": frozenset(_KOREAN),
    "cp949": frozenset(_KOREAN),
}


def share_frequent(characters: list[str], codec: str) -> float:
    """Return the share of characters outside ASCII that are frequent in the language of a multi-byte encoding."""
    frequent = _FREQUENT[codec]
    return sum(character in frequent for character in characters) / len(characters) if characters else 0.0


# Letters of a script, the most frequent ones of its largest language first; those of other languages last.
_LETTERS = {
    "CYRILLIC": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґјљњћџђўѓќѕ",
    "GREEK": "αοιετσνηυρπκμλςωάίόδήέγύθώχφβξζψϊΐϋΰ",
    "ARABIC": "اليمونرتبةعدسفهكقحجأشصطخىذضزئثغإءآظؤپچگژ",
    "HEBREW": "יוהלארתבשמםנןכפחדעקטגצסזךףץ",
    "THAI": "านรอกเงมยลวดทั่ส้ิตีะปบคหแจุพชูขใำืไ์ผซ็ถธโณภฟศษญฐฆฉฮฎฏฑฒฌฬฤฝ๊๋ๆฯ",
}
_RANKS = {script: {letter: rank for rank, letter in enumerate(letters)} for script, letters in _LETTERS.items()}
_VOWELS = {"CYRILLIC": frozenset("аеёиоуыэюяіїє"), "GREEK": frozenset("αεηιουωάέήίόύώϊΐϋΰ")}


def score_letters(text: str, script: str) -> float:
    """Return how much letters are those of a language: about 0 for what is, -0.2 and less for other letters.

    Letters that are frequent should be so, and vowels should take turns with consonants.
    """
    ranks = _RANKS.get(script)
    letters = text.lower()
    if ranks is None or not letters:
        return 0.0
    usual = sum(1 - ranks.get(letter, len(ranks)) / len(ranks) for letter in letters) / len(letters) - _USUAL
    vowels = _VOWELS.get(script)
    if vowels is None:
        return min(0.0, 2 * usual)
    pairs = [(a in vowels) != (b in vowels) for a, b in pairwise(letters) if a in ranks and b in ranks]
    turns = sum(pairs) / len(pairs) - _TURNS if pairs else 0.0
    return min(0.0, usual + turns)
