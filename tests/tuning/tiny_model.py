"""A randomly initialised model of a few thousand weights: `python tiny_model.py ARCHITECTURE TRAIN_JSONL FOLDER`.

Runs where the train extra is installed. Its tokenizer is made from the training texts, so that nothing is downloaded.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 4096}
SPECIAL = ["<s>", "</s>", "<pad>"]
FURTHER = {"gpt_oss": {"num_local_experts": 4, "num_experts_per_tok": 2}}
TEMPLATE = ("{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
            "{% if add_generation_prompt %}<s>assistant\n{% endif %}")


def main(architecture: str, train: str, folder: str) -> None:
    lines = Path(train).read_text(encoding="ascii").splitlines()
    texts = [m["content"] for line in lines for m in json.loads(line)["messages"]]
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    made.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=600, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, **dict(zip(("bos_token", "eos_token", "pad_token"), SPECIAL, strict=True)))
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        architecture, vocab_size=len(tokenizer), pad_token_id=2, bos_token_id=0, eos_token_id=1, **SMALL,
        **FURTHER.get(architecture, {}))
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
