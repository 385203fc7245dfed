"""Team rules: how people and a machine, or two machines, answer together. One file a rule.

A rule is a frozen dataclass whose fields are what was fitted. Its file ends in ``RULE = ItsClass`` and gives it a name.

    RULE.fit(probs, human_labels, truth)   learns the rule: (n, k) probabilities, (n, r) labels, (n,) true classes
    rule(probs, human_labels)              the team's answer: (n, k) probabilities, image by image
    rule.worth(probs)                      (n,) what it is worth to ask people; they are asked where it is 0 or more

A label of -1 is a person who did not see the image, or was not asked: whoever applies a rule hides the labels it did
not ask for, so that it cannot use them. Any number r of people, the same columns when it is fitted and when it
answers. What a rule learns from must be other images than it answers for: `cross_fit` sees to that. Three facts
stand beside a rule's fields, as class variables:

    title         what a table calls it
    needs_truth   whether `fit` reads the truth; where not, the truth may be anything
    least         the fewest people it works with

`oracle` and `gains` measure what a team reaches; `cost_curve` what its questions cost.
"""
