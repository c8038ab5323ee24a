"""LaTeX macros and the Unicode characters that stand for them in a terminal."""

from __future__ import annotations

__all__ = [
    "ACCENTS",
    "BLACKBOARD",
    "DROPPED",
    "FRACTIONS",
    "FUNCTIONS",
    "RELATIONS",
    "SCRIPT_LETTERS",
    "SPACES",
    "STYLES",
    "SUBSCRIPTS",
    "SUPERSCRIPTS",
    "SYMBOLS",
]


def _table(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS = _table(
    """
    alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι
    kappa κ lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ρ sigma σ varsigma ς tau τ upsilon υ
    phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ
    Upsilon Υ Phi Φ Psi Ψ Omega Ω
    partial ∂ nabla ∇ int ∫ iint ∬ iiint ∭ oint ∮ sum ∑ prod ∏ infty ∞ ell ℓ hbar ℏ Re Re Im Im
    cdot · cdots ⋯ dots … ldots … vdots ⋮ times × pm ± mp ∓ ast * star ⋆ circ ∘ bullet • div ÷
    otimes ⊗ oplus ⊕ wedge ∧ vee ∨ cup ∪ cap ∩ setminus ∖ emptyset ∅ varnothing ∅ top ⊤ bot ⊥
    forall ∀ exists ∃ neg ¬ prime ′ langle ⟨ rangle ⟩ lvert | rvert | vert | mid | lVert ‖ rVert ‖
    Vert ‖ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lbrace { rbrace } lbrack [ rbrack ] degree °
    """
)

# With a space on both sides.
RELATIONS = _table(
    """
    le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ lt < gt > ll ≪ gg ≫ equiv ≡ approx ≈
    sim ~ simeq ≃ cong ≅ propto ∝ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇
    perp ⟂ parallel ∥ to → rightarrow → longrightarrow → leftarrow ← gets ← mapsto ↦
    leftrightarrow ↔ Rightarrow ⇒ Longrightarrow ⇒ implies ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔
    rightharpoonup ⇀ nearrow ↗ searrow ↘ uparrow ↑ downarrow ↓ coloneqq := lesssim ≲ gtrsim ≳
    """
)

# Upright words, parted from what follows.
FUNCTIONS = _words(
    """
    arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf ker
    lg lim liminf limsup ln log max min Pr sec sin sinh sup tan tanh
    """
)

SPACES = {",": " ", ";": " ", ":": " ", ">": " ", " ": " ", "!": "", "quad": "\xa0"}
SPACES["qquad"] = 2 * SPACES["quad"]

DROPPED = _words(
    """
    left right middle big Big bigg Bigg bigl bigr bigm Bigl Bigr Bigm biggl biggr Biggl Biggr
    limits nolimits displaystyle textstyle scriptstyle nonumber notag /
    """
)

# Macros with an argument that is kept as it is.
STYLES = _words(
    """
    mathrm mathbf mathit mathsf mathtt mathfrak mathnormal boldsymbol bm operatorname operatorname*
    mathop mathbin mathrel underline phantom smash
    """
)

BLACKBOARD = _table("C ℂ H ℍ N ℕ P ℙ Q ℚ R ℝ Z ℤ 1 1")
SCRIPT_LETTERS = _table("B ℬ E ℰ F ℱ H ℋ I ℐ L ℒ M ℳ R ℛ")
ACCENTS = _table(
    "hat \u0302 widehat \u0302 tilde \u0303 widetilde \u0303 bar \u0304 overline \u0304 "
    "dot \u0307 ddot \u0308 vec \u20d7 check \u030c breve \u0306"
)
FRACTIONS = _table("1/2 ½ 1/3 ⅓ 2/3 ⅔ 1/4 ¼ 3/4 ¾")

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤′*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀ′*",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
