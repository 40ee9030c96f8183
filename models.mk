# make models       trains every laptop-sized model of the paper's rows from nothing, into runs/seed_0; it resumes
# make -j2 models   two at a time, one a core; SEED=1 makes an independent training of each, in runs/seed_1
SEED ?= 0
RUNS ?= runs/seed_$(SEED)
PROSQA := prosqa_laptop $(addprefix prosqa_laptop_,cot no_cot icot pause_token no_curriculum no_thought pause_as_thought \
	coconut_unmixed two_thoughts)
PRONTOQA := prontoqa_laptop $(addprefix prontoqa_laptop_,cot no_cot icot pause_token no_curriculum no_thought \
	pause_as_thought)
GSM8K := gsm8k_laptop $(addprefix gsm8k_laptop_,cot no_cot icot pause_token no_curriculum no_thought pause_as_thought \
	two_thoughts three_thoughts)

TRAIN = OMP_NUM_THREADS=1 $(BIN)/coconut train
THESE = --set save_path=$(RUNS) --set seed=$(SEED)
# As many questions a step as two processes had, which shared those of the shipped models.
SHARED_BATCH := --set batch_size_training=64
trained = $(RUNS)/$(1)/model.safetensors

# The shipped ProsQA models stayed in the last stage for ten epochs more, each with the lines in which its config differs.
models: $(foreach model,$(PROSQA),$(call trained,$(model)_longer)) $(foreach model,$(PRONTOQA) $(GSM8K),$(call trained,$(model)))
LINES_prosqa_laptop := --set stopping=classifier
$(foreach model,cot no_cot icot pause_token no_curriculum no_thought,$(eval \
	LINES_prosqa_laptop_$(model) := --set method=$(model) --set uniform_prob=0.0 --set stopping=fixed))
LINES_prosqa_laptop_pause_as_thought := --set method=pause_as_thought --set stopping=fixed
LINES_prosqa_laptop_coconut_unmixed := --set uniform_prob=0.0 --set stopping=fixed
LINES_prosqa_laptop_two_thoughts := --set c_thought=2 --set stopping=fixed

$(call trained,prosqa_laptop_base): | $(READY)
	$(TRAIN) configs/prosqa_laptop_base.yaml $(THESE) $(SHARED_BATCH)
$(call trained,prontoqa_laptop_base) $(call trained,gsm8k_laptop_base): $(call trained,%): | $(READY)
	$(TRAIN) configs/$*.yaml $(THESE)
$(foreach model,$(PROSQA),$(call trained,$(model))): $(call trained,%): | $(call trained,prosqa_laptop_base)
	$(TRAIN) configs/$*.yaml $(THESE) $(SHARED_BATCH) --set load_model_path=$(RUNS)/prosqa_laptop_base --set stopping=fixed
$(foreach model,$(PRONTOQA),$(call trained,$(model))): $(call trained,%): | $(call trained,prontoqa_laptop_base)
	$(TRAIN) configs/$*.yaml $(THESE) --set load_model_path=$(RUNS)/prontoqa_laptop_base
$(foreach model,$(GSM8K),$(call trained,$(model))): $(call trained,%): | $(call trained,gsm8k_laptop_base)
	$(TRAIN) configs/$*.yaml $(THESE) --set load_model_path=$(RUNS)/gsm8k_laptop_base
$(foreach model,$(PROSQA),$(call trained,$(model)_longer)): $(call trained,%_longer): | $(call trained,%)
	$(TRAIN) configs/prosqa_laptop_longer.yaml --set name=$*_longer --set save_path=$(RUNS) --set seed=1$(SEED) \
		$(SHARED_BATCH) --set load_model_path=$(RUNS)/$* $(LINES_$*)

.PHONY: models
