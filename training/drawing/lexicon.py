# ruff: noqa: C408, E501, SIM905 - word lists are easier to read and to mend as strings and long lines
"""The words on the drawn documents. Letterheads, shops and persons are invented."""

import random

TOPICS = (
    "sales", "revenue", "profit", "costs", "energy use", "rainfall", "temperature", "population", "employment", "wages", "exports",
    "imports", "tourism", "traffic", "accidents", "health", "vaccination", "education", "school grades", "internet use", "smartphones",
    "social media", "elections", "voters", "immigration", "housing", "rents", "food prices", "crops", "fishing", "forests", "water",
    "air quality", "carbon emissions", "solar power", "wind power", "electric cars", "aviation", "railways", "shipping", "insurance",
    "banking", "interest rates", "inflation", "stock prices", "taxes", "budget", "marketing", "customers", "web visitors", "advertising",
    "support tickets", "software quality", "machine learning", "memory use", "network speed", "battery life", "hospital beds", "sports",
    "football", "music", "books", "religion", "crime", "safety", "research", "publications", "donations", "pensions", "age groups",
)  # fmt: skip
PLACES = (
    "Germany", "France", "Spain", "Portugal", "Italy", "Austria", "Mexico", "Brazil", "Canada", "Japan", "India", "Kenya", "Norway",
    "Poland", "Malaysia", "Chile", "Texas", "Ohio", "Europe", "Asia", "Africa", "North", "South", "East", "West", "London", "Berlin",
    "Madrid", "Lisbon", "Rome", "Vienna", "Lyon", "Porto", "Boston", "Denver", "Austin",
)  # fmt: skip
FIRST = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Elena",
    "Felix",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Lucia",
    "Marco",
    "Nora",
    "Otto",
    "Paula",
    "Rui",
)
LAST = (
    "Adler", "Baker", "Costa", "Dubois", "Evans", "Ferrari", "Garcia", "Hoffmann", "Jensen", "Keller", "Lopez", "Martin", "Nakamura",
    "Oliveira", "Peters", "Rossi", "Santos", "Tanaka", "Weber", "Young",
)  # fmt: skip
TRADES = {
    "bakery": ("bread", "croissant", "apple cake", "baguette", "brezel", "bolo", "pan dulce", "cornetto", "muffin"),
    "supermarket": ("milk", "eggs", "apples", "rice", "cheese", "tomates", "wasser", "pasta", "yoghurt", "soap"),
    "restaurant": ("soup", "pizza", "steak", "salad", "rotwein", "caf\u00e9", "fish", "noodles", "tea", "dessert"),
    "hardware store": ("nails", "paint", "hammer", "cable", "bulb", "screws", "glue", "tape", "drill"),
    "pharmacy": ("aspirin", "plasters", "vitamin c", "cough syrup", "cream", "thermometer"),
    "book shop": ("novel", "atlas", "notebook", "pencil", "calendar", "dictionary"),
    "petrol station": ("diesel", "super 95", "car wash", "oil 5w30", "coffee"),
    "hotel": ("single room", "breakfast", "parking", "minibar", "city tax", "laundry"),
    "garage": ("oil change", "brake pads", "tyres", "labour", "inspection", "filter"),
    "software company": ("licence", "support", "hosting", "training", "consulting", "domain"),
    "clinic": ("consultation", "x-ray", "blood test", "vaccine", "dressing"),
    "electrician": ("wiring", "switch", "installation", "travel", "materials"),
    "television station": ("spot 30 s", "spot 60 s", "morning news", "evening news", "prime time", "sports rotator"),
    "stationery shop": ("paper a4", "toner", "envelopes", "stapler", "folder", "pens"),
}
CURRENCIES = ("\u20ac", "$", "\u00a3", "EUR", "USD", "RM", "CHF", "R$", "Fr.", "GBP")
WORDS = {
    "en": dict(invoice="Invoice", receipt="Receipt", total="Total", subtotal="Subtotal", tax="Tax", date="Date", thanks="Thank you, please come again", cash="Cash", change="Change", dear="Dear", regards="Yours sincerely", qty="Qty", item="Description", price="Price", amount="Amount"),
    "de": dict(invoice="Rechnung", receipt="Kassenbon", total="Summe", subtotal="Zwischensumme", tax="MwSt.", date="Datum", thanks="Vielen Dank f\u00fcr Ihren Einkauf", cash="Bar", change="R\u00fcckgeld", dear="Sehr geehrte", regards="Mit freundlichen Gr\u00fc\u00dfen", qty="Menge", item="Bezeichnung", price="Preis", amount="Betrag"),
    "fr": dict(invoice="Facture", receipt="Ticket de caisse", total="Total", subtotal="Sous-total", tax="TVA", date="Date", thanks="Merci de votre visite", cash="Esp\u00e8ces", change="Rendu", dear="Madame, Monsieur", regards="Cordialement", qty="Qt\u00e9", item="D\u00e9signation", price="Prix", amount="Montant"),
    "es": dict(invoice="Factura", receipt="Recibo", total="Total", subtotal="Subtotal", tax="IVA", date="Fecha", thanks="Gracias por su visita", cash="Efectivo", change="Cambio", dear="Estimado", regards="Atentamente", qty="Cant.", item="Descripci\u00f3n", price="Precio", amount="Importe"),
    "pt": dict(invoice="Fatura", receipt="Recibo", total="Total", subtotal="Subtotal", tax="IVA", date="Data", thanks="Obrigado e volte sempre", cash="Dinheiro", change="Troco", dear="Prezado", regards="Atenciosamente", qty="Qtd", item="Descri\u00e7\u00e3o", price="Pre\u00e7o", amount="Valor"),
    "it": dict(invoice="Fattura", receipt="Scontrino", total="Totale", subtotal="Imponibile", tax="IVA", date="Data", thanks="Grazie e arrivederci", cash="Contanti", change="Resto", dear="Gentile", regards="Cordiali saluti", qty="Q.t\u00e0", item="Descrizione", price="Prezzo", amount="Importo"),
}  # fmt: skip
LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian"}
_FILLER = {
    "en": "the of and to in a is that for it was on are as with they be at this have from or had by but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find report company year section shall total amount shown results method".split(),
    "de": "der die und in den von zu das mit sich des auf f\u00fcr ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem \u00fcber einen so zum haben nur oder aber vor zur bis mehr durch man sein wurde Jahr gr\u00f6\u00dfe Bericht Gesellschaft Anlage".split(),
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou son \u00e9t\u00e9 cette aux ann\u00e9e soci\u00e9t\u00e9 rapport r\u00e9sultat donn\u00e9es selon entre".split(),
    "es": "de la que el en y a los se del las un por con no una su para es al lo como m\u00e1s o pero sus le ha me si sin sobre este ya entre cuando todo esta ser son dos a\u00f1o empresa informe resultado".split(),
    "pt": "de a o que e do da em um para com n\u00e3o uma os no se na por mais as dos como mas ao ele das seu sua ou quando muito nos j\u00e1 eu tamb\u00e9m s\u00f3 pelo pela ano relat\u00f3rio empresa dados".split(),
    "it": "di e il la che in un a per \u00e8 del una della con non si da le dei nel al come i sono anche lo pi\u00f9 ha dal delle gli alla su se anno societ\u00e0 relazione dati".split(),
}  # fmt: skip
FIELD_NAMES = (
    "Name", "Address", "Date of birth", "Registration No.", "Telephone", "City, State, ZIP", "Occupation", "Employer", "Account number",
    "Signature", "Nationality", "E-mail", "Date received", "Name of registrant", "Principal", "Purpose", "Amount", "Period ending",
    "Social security number", "Taxpayer identification number", "Business name", "Advertiser", "Product", "Agency", "Order #",
    "Nombre", "Adresse", "Geburtsdatum", "Cognome", "Endere\u00e7o", "Pr\u00e9nom", "Firma",
)  # fmt: skip
AGENCIES = (
    "Department of Commerce",
    "Ministry of Finance",
    "Office of Records",
    "Bureau of Statistics",
    "Tax Authority",
    "City Council",
    "Board of Health",
)
SUFFIXES = ("Ltd", "GmbH", "Inc.", "S.A.", "Lda", "S.r.l.", "Sdn Bhd", "& Sons", "AG", "LLC")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def words(rng: random.Random, count: int, language: str = "en") -> str:
    """Running words of a language, without meaning."""
    return " ".join(rng.choices(_FILLER[language], k=count))


def person(rng: random.Random) -> str:
    """An invented name."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def company(rng: random.Random) -> str:
    """An invented firm."""
    return f"{rng.choice(LAST)} {rng.choice(SUFFIXES)}"


def money(rng: random.Random, top: float = 500.0) -> float:
    """An amount with two decimals."""
    return round(rng.uniform(0.5, top), 2)


def date(rng: random.Random) -> str:
    """A date in one of five ways of writing."""
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1968, 2026)
    ways = (
        f"{day:02d}.{month:02d}.{year}",
        f"{day:02d}/{month:02d}/{year}",
        f"{year}-{month:02d}-{day:02d}",
        f"{month}/{day}/{year % 100:02d}",
    )
    return rng.choice(ways)
