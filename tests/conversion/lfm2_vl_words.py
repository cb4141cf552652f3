"""A small tokenizer with the marks and the form of conversation of LFM2-VL."""

import json

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

MARKS = (
    "<|pad|>",
    "<|startoftext|>",
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<image>",
    "<|image_start|>",
    "<|image_end|>",
    "<|img_thumbnail|>",
)
LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())
VOCABULARY = [*MARKS, *LETTERS]
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_words(folder):
    """Write tokenizer.json and tokenizer_config.json; return both."""
    words = {text: index for index, text in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(MARKS))
    settings = {"bos_token": "<|startoftext|>", "eos_token": "<|im_end|>"}
    settings |= {"image_token": "<image>", "chat_template": TEMPLATE}
    paths = folder / "tokenizer.json", folder / "tokenizer_config.json"
    tokenizer.save(str(paths[0]))
    paths[1].write_text(json.dumps(settings), encoding="utf-8")
    return paths
