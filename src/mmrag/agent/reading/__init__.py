"""The layout-aware extractive reader: finds the printed answer to a question on a page, without a language model.

How a page is read, and how a score comes about:

1. ``target``: the question is matched to the fields of ``lexicon.toml`` (total, date, issuer, invoice number, ...): which
   field is asked for, of what type the answer is, which words only narrow it down, and which values the question itself
   gives (these can never be the answer).
2. ``layout``: the page's words become *runs* (no wide gap between them), levelled, with their neighbours.
3. ``labels``: runs are searched for the field's labels: equal after folding (so 'INVOICENO' is 'Invoice No.'), else by
   edit distance on characters that OCR does not tell apart, else (``meaning``) by the cosine of sentence embeddings. A
   label's *quality* is its weight in the lexicon, times the text similarity, less what stands around it: 'Total' in
   'Total Qty' is no total.
4. ``near``: the places of a label's value: behind it, right of it, below it in its column, above it, left of it, each
   with a weight that falls with distance and with other labels in between.
5. ``fit``: the part of a place that has the type asked for, cut as printed, with how well it fits.

   ``score = quality x place x fit x (1 + word confidence) / 2``

6. Special readers add candidates where labels do not say enough: ``amounts`` (a total that the bill's arithmetic agrees
   with), ``dates`` (unlabelled dates, the two ends of a period), ``letterhead`` (the issuing company, its address),
   ``columns`` (which of a row's values: the one under the header that the question names), ``lookup`` (the
   value whose row, column or sentence holds the asked words), ``prose`` (the line that answers), ``yesno``,
   ``options`` (check boxes).
7. ``scoring``: every candidate is weighed by how well its document fits the question; equal values support one another;
   the confidence is the best score, lowered when a rival comes close.

``words.toml`` holds the words that tell lines of print apart: company forms, street words, check marks.
"""
