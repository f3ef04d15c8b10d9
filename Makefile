# Workbot. `make help` lists the targets; every target installs what it needs (tests/tools/deps.sh).
#
# Everything is found by wildcard: a new service/x/y.c, tests/unit/x/test_y.c, tests/db/test_y.c or
# tests/fuzz/fuzz_y.c needs no line here.
#
#   CC=clang              the other compiler
#   SAN=address           sanitizer build in build/address (also undefined, thread, address,undefined)
#   BUILD=dir             build somewhere else
#   CI=true               warnings are errors
#   V=1                   show the commands

ifeq ($(origin CC),default)
CC := gcc
endif
SAN     ?=
BUILD   ?= build$(if $(SAN),/$(SAN))
RELEASE ?=
FUZZER  ?=
T       ?=
S       ?= 60
MAKEFLAGS += --no-print-directory
# one short line a step; V=1 shows the command instead
ifeq ($(V),)
.SILENT:
say = printf '  %-5s %s\n' $(1) '$(2)'
else
say = :
endif
.DEFAULT_GOAL := all

# --- what there is -------------------------------------------------------------------------------

SERVICE_SRC := $(sort $(shell find service -name '*.c' 2>/dev/null))
SANDBOX_SRC := $(sort $(shell find tests/sandbox -name '*.c' 2>/dev/null))
UNIT_SRC    := $(sort $(shell find tests/unit -name 'test_*.c' 2>/dev/null))
DB_SRC      := $(sort $(wildcard tests/db/test_*.c))
HELPER_SRC  := $(sort $(shell find tests/unit tests/db -name '*.c' ! -name 'test_*.c' 2>/dev/null))
FUZZ_SRC    := $(sort $(wildcard tests/fuzz/fuzz_*.c))

# files that a .c takes in with .incbin; the compiler's dependency files do not know them
EMBEDDED  := $(wildcard migrations/*.sql openapi.yaml docs/recipes/*.md docs/setup-apps.md) $(sort $(shell find service tests/sandbox -type f \
               ! -name "*.[ch]" ! -name "*.mjs" 2>/dev/null))
EMBEDDING := $(shell grep -rl --include="*.c" "\.incbin" service tests/sandbox 2>/dev/null)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SERVICE_OBJ := $(call obj,$(SERVICE_SRC))
LIB_OBJ     := $(call obj,$(filter-out service/main.c,$(SERVICE_SRC)))
SANDBOX_OBJ := $(call obj,$(SANDBOX_SRC))
HELPER_OBJ  := $(call obj,$(HELPER_SRC))
UNIT_BIN    := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
DB_BIN      := $(patsubst %.c,$(BUILD)/%,$(DB_SRC))
FUZZ_BIN    := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SRC))
PROGRAMS    := $(if $(SERVICE_SRC),$(BUILD)/workbot) $(if $(SANDBOX_SRC),$(BUILD)/sandbox)

# what is compiled for the first time, and which of it is under way
NEW  := $(filter-out $(wildcard $(SERVICE_OBJ) $(SANDBOX_OBJ)),$(SERVICE_OBJ) $(SANDBOX_OBJ))
step  = $(if $(filter $@,$(NEW)),$(eval BEGUN += $@)$(words $(BEGUN))/$(words $(NEW)) )

# --- flags ---------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
  -Wold-style-definition -Wpointer-arith -Wundef -Wwrite-strings -Wcast-qual -Wconversion \
  -Wswitch-enum -Wimplicit-fallthrough
IS_CLANG := $(findstring clang,$(notdir $(firstword $(CC))))
ifeq ($(IS_CLANG),)
WARNINGS += -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wnull-dereference
endif
ifeq ($(CI),true)
WARNINGS += -Werror
endif

HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(IS_CLANG),2,3) -fstack-protector-strong \
  -fstack-clash-protection -fcf-protection -fPIE -ftrivial-auto-var-init=zero
ifeq ($(RELEASE),)
OPTIMISE := -O1 -g -fno-omit-frame-pointer
else
OPTIMISE := -O2 -g $(HARDENING)
LINK     := -pie -Wl,-z,relro,-z,now
endif
ifneq ($(SAN),)
SANITIZE := -fsanitize=$(SAN) -fno-sanitize-recover=all
endif
ifneq ($(FUZZER),)
SANITIZE += -fsanitize=fuzzer-no-link
endif

CFLAGS_ALL = -std=gnu11 -D_GNU_SOURCE $(OPTIMISE) $(SANITIZE) -pthread -Wa,-I. $(WARNINGS) $(CFLAGS)
LDFLAGS_ALL = $(SANITIZE) -pthread $(LINK) $(LDFLAGS)

# Asked when first used, thus after the packages are there, and only once.
once = $(eval $(1) := $$(shell pkg-config $(2)))$($(1))
SERVICE_PKGS := libmicrohttpd jansson libpq libcurl libssl libcrypto cjose expat
SANDBOX_PKGS := libmicrohttpd jansson libcurl libssl libcrypto
SERVICE_INC  = $(call once,SERVICE_INC,--cflags $(SERVICE_PKGS))
SERVICE_LIBS = $(call once,SERVICE_LIBS,--libs $(SERVICE_PKGS))
SANDBOX_INC  = $(call once,SANDBOX_INC,--cflags $(SANDBOX_PKGS))
SANDBOX_LIBS = $(call once,SANDBOX_LIBS,--libs $(SANDBOX_PKGS))

# --- programs ------------------------------------------------------------------------------------

.PHONY: all release first-build
all: first-build $(PROGRAMS)          ## build/workbot and build/sandbox (debug)
release:                              ## hardened build in build/release
	$(MAKE) RELEASE=1 BUILD=$(BUILD)/release all

# so that nobody wonders whether it hangs
first-build:
	$(if $(word 100,$(NEW)),echo 'Building $(words $(NEW)) files: about 2 minutes the first time (10 on a busy machine).')

$(BUILD)/workbot: $(SERVICE_OBJ) $(BUILD)/sources
	$(call say,LINK,$@)
	$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(SERVICE_LIBS) -lm

$(BUILD)/libworkbot.a: $(LIB_OBJ) $(BUILD)/sources
	rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(BUILD)/libtesthelpers.a: $(HELPER_OBJ) $(BUILD)/sources
	rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(BUILD)/sandbox: $(SANDBOX_OBJ) $(BUILD)/sources
	$(call say,LINK,$@)
	$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(SANDBOX_LIBS) -lm

# one object rule, three sets of include paths
$(BUILD)/obj/service/%.o: INCLUDES = -Iinclude -include base/banned.h $(SERVICE_INC)
$(BUILD)/obj/tests/sandbox/%.o: INCLUDES = -Itests/sandbox $(SANDBOX_INC)
$(BUILD)/obj/tests/unit/%.o: INCLUDES = -Iinclude -I. $(SERVICE_INC)
$(BUILD)/obj/tests/db/%.o: INCLUDES = -Iinclude -I. $(SERVICE_INC)
$(BUILD)/obj/tests/fuzz/%.o: INCLUDES = -Iinclude -I. $(SERVICE_INC)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | deps-build
	@mkdir -p $(@D)
	$(call say,CC,$(step)$@)
	$(CC) $(CFLAGS_ALL) $(INCLUDES) -MMD -MP -c -o $@ $<

$(call obj,$(EMBEDDING)): $(EMBEDDED)

# changed flags or another compiler in the same folder: compile again; a file gone: link again
.PHONY: force
$(BUILD)/flags: STATE = $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)
$(BUILD)/sources: STATE = $(SERVICE_SRC) $(SANDBOX_SRC) $(HELPER_SRC)
$(BUILD)/flags $(BUILD)/sources: force
	@mkdir -p $(@D)
	echo '$(STATE)' | cmp -s - $@ || echo '$(STATE)' >$@

# --- test programs -------------------------------------------------------------------------------

.PHONY: objects unit-programs db-programs fuzz-programs
objects: $(SERVICE_OBJ) $(SANDBOX_OBJ) $(HELPER_OBJ) $(call obj,$(UNIT_SRC) $(DB_SRC) $(FUZZ_SRC))
unit-programs: $(UNIT_BIN)
db-programs: $(DB_BIN)
fuzz-programs: $(FUZZ_BIN)

$(UNIT_BIN) $(DB_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libtesthelpers.a $(BUILD)/libworkbot.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(SERVICE_LIBS) -lm

FUZZ_MAIN := $(if $(FUZZER),,$(call obj,tests/fuzz/standalone.c))
$(FUZZ_BIN): $(BUILD)/%: $(BUILD)/obj/%.o $(FUZZ_MAIN) $(BUILD)/libworkbot.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(CC) $(LDFLAGS_ALL) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(SERVICE_LIBS) -lm

$(UNIT_BIN) $(DB_BIN) $(FUZZ_BIN) $(call obj,$(UNIT_SRC) $(DB_SRC) $(HELPER_SRC)): | deps-test

# kept, so that a second run links only what changed
.SECONDARY:

# --- everyday ------------------------------------------------------------------------------------

.PHONY: test test-long demo smoke try bench fuzz fuzz-run format format-check analyze
test: deps                            ## every suite in its short form; ends with "N passed, N failed"
	BUILD=$(BUILD) tests/tools/run_tests.sh
test-long: deps                       ## full counts, sanitizers, a minute of fuzzing per target
	BUILD=$(BUILD) tests/tools/run_tests.sh long
demo: deps-run                        ## the whole thing to play with; Ctrl-C stops it
	$(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) all
	BUILD=$(BUILD) tests/tools/demo.sh
smoke: deps-run all                   ## the demo's story without a person; prints a transcript
	BUILD=$(BUILD) tests/tools/smoke.sh
try: deps-run all                     ## a recipe against the stand-ins: RECIPE="FILE..." TYPE="the command" or EVENT=FILE
	BUILD=$(BUILD) tests/tools/try.sh $(RECIPE) $(if $(TYPE),--type "$(TYPE)") $(if $(EVENT),--event "$(EVENT)")
bench: deps                           ## the figures of docs/benchmarks.md
	$(MAKE) release
	BUILD=$(BUILD) tests/bench/run.sh
fuzz: deps-test                       ## libFuzzer; T=target (default all), S=seconds each (60)
	$(MAKE) CC=clang SAN=address FUZZER=1 BUILD=$(BUILD)/fuzzer fuzz-run
fuzz-run: fuzz-programs
	BUILD=$(BUILD) tests/tools/fuzz.sh "$(S)" "$(T)"

FORMATTED = $(shell find service include tests -name node_modules -prune -o -name '*.[ch]' -print 2>/dev/null)
format: deps-test                     ## clang-format over all C
	clang-format -i $(FORMATTED)
format-check: deps-test               ## clang-format would change nothing
	clang-format --dry-run --Werror $(FORMATTED)
analyze: deps-test                    ## gcc -fanalyzer, clang-tidy, cppcheck
	BUILD=$(BUILD) tests/tools/analyze.sh

.PHONY: deps deps-build deps-run deps-test clean help
deps: deps-test                       ## install what is missing (apt, npm)
deps-build:
	@tests/tools/deps.sh build
deps-run:
	@tests/tools/deps.sh build run
deps-test:
	@tests/tools/deps.sh build run test

clean:                                ## remove the build folder
	rm -rf $(BUILD)
help:                                 ## this table
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-24s %s\n", $$1, $$2}'

-include $(patsubst %.o,%.d,$(SERVICE_OBJ) $(SANDBOX_OBJ) $(HELPER_OBJ) \
  $(call obj,$(UNIT_SRC) $(DB_SRC) $(FUZZ_SRC)))
