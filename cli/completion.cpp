// sibyl completion: scripts that complete verbs, options and their choices in a shell. All words
// are read from the command line's own description, so that they cannot go stale.
#include <memory>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "scenarios/json.hpp"

namespace sibyl::cli {

namespace {

struct CompletionSettings {
  Common common;
  std::string shell;
};

/// One option of a verb.
struct Word {
  std::vector<std::string> names;  ///< as they are typed: "-o", "--out"; none: an argument
  std::string short_name;          ///< "o", or empty
  std::string long_name;           ///< "out", or empty
  std::string line;
  std::vector<std::string> choices;
  bool takes_value = false;
};

struct VerbWords {
  std::string name;
  std::string line;
  std::vector<Word> words;
};

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : " ") + item;
  return out;
}

/// In single quotes, as all three shells read it. The text has no backslash.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

/// What CLI11 shows of a choice: "TEXT:{auto,always,never}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

std::vector<VerbWords> words_of(CLI::App& app) {
  std::vector<VerbWords> verbs;
  for (const CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) {
    VerbWords words{verb->get_name(), verb->get_description(), {}};
    for (const CLI::Option* option : verb->get_options()) {
      Word word;
      word.line = option->get_description();
      word.choices = choices_of(*option);
      word.takes_value = option->get_items_expected_max() > 0;
      for (const auto& name : option->get_snames()) word.names.push_back("-" + name);
      for (const auto& name : option->get_lnames()) word.names.push_back("--" + name);
      if (!option->get_snames().empty()) word.short_name = option->get_snames().front();
      if (!option->get_lnames().empty()) word.long_name = option->get_lnames().front();
      words.words.push_back(std::move(word));
    }
    verbs.push_back(std::move(words));
  }
  return verbs;
}

std::vector<std::string> option_names(const VerbWords& verb) {
  std::vector<std::string> names;
  for (const Word& word : verb.words) {
    names.insert(names.end(), word.names.begin(), word.names.end());
  }
  return names;
}

std::vector<std::string> argument_choices(const VerbWords& verb) {
  for (const Word& word : verb.words) {
    if (word.names.empty() && !word.choices.empty()) return word.choices;
  }
  return {};
}

/// Branches of a `case "$verb $before"` for the options that have choices, then those that take any
/// value, for which `otherwise` is done.
std::string value_branches(const std::vector<VerbWords>& verbs, std::string_view offer,
                           std::string_view otherwise) {
  std::string out;
  for (const VerbWords& verb : verbs) {
    for (const Word& word : verb.words) {
      if (!word.takes_value) continue;
      for (const std::string& name : word.names) {
        out += fmt::format("    {}) ", quoted(verb.name + " " + name));
        out += word.choices.empty() ? std::string(otherwise)
                                    : fmt::format("{} {}", offer, quoted(joined(word.choices)));
        out += "; return;;\n";
      }
    }
  }
  return out;
}

/// Branches of a `case "$verb $word"`: options after a dash, else the choices of the argument, and
/// `then`.
std::string word_branches(const std::vector<VerbWords>& verbs, std::string_view then) {
  std::string out;
  for (const VerbWords& verb : verbs) {
    out += fmt::format("    {}-*) _sibyl_offer {};;\n", quoted(verb.name + " "),
                       quoted(joined(option_names(verb))));
    const auto choices = argument_choices(verb);
    if (choices.empty()) continue;
    out += fmt::format("    {}*) _sibyl_offer {}{};;\n", quoted(verb.name + " "),
                       quoted(joined(choices)), then);
  }
  return out;
}

std::string bash_script(const std::vector<VerbWords>& verbs) {
  std::vector<std::string> names;
  for (const VerbWords& verb : verbs) names.push_back(verb.name);
  std::string out =
      "# bash completion of sibyl: eval \"$(sibyl completion bash)\"\n"
      "_sibyl_offer() { COMPREPLY=($(compgen -W \"$1\" -- \"$current\")); }\n"
      "_sibyl() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
      "verb=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n";
  out += fmt::format("  if [ \"$COMP_CWORD\" -eq 1 ]; then _sibyl_offer {}; return; fi\n",
                     quoted(joined(names) + " --help --version"));
  out += "  case \"$verb $before\" in\n" + value_branches(verbs, "_sibyl_offer", ":") + "  esac\n";
  out += "  case \"$verb $current\" in\n";
  out += word_branches(verbs, "");
  return out + "  esac\n}\ncomplete -o default -F _sibyl sibyl\n";
}

std::string zsh_script(const std::vector<VerbWords>& verbs) {
  std::string out =
      "#compdef sibyl\n"
      "# zsh completion of sibyl: sibyl completion zsh > a folder of $fpath, as _sibyl\n"
      "_sibyl_offer() { compadd -- ${=1} }\n"
      "_sibyl() {\n"
      "  local verb=$words[2] before=$words[CURRENT-1]\n"
      "  if (( CURRENT == 2 )); then\n"
      "    local -a verbs=(";
  for (const VerbWords& verb : verbs) out += quoted(verb.name + ":" + verb.line) + " ";
  out +=
      "--help --version)\n    _describe verb verbs; return\n  fi\n"
      "  case \"$verb $before\" in\n";
  out += value_branches(verbs, "_sibyl_offer", "_files") + "  esac\n";
  out += "  case \"$verb $PREFIX\" in\n";
  out += word_branches(verbs, "; _files");
  return out +
         "    *) _files;;\n  esac\n}\n"
         "if [ \"$funcstack[1]\" = _sibyl ]; then _sibyl \"$@\"; else compdef _sibyl sibyl; fi\n";
}

std::string fish_script(const std::vector<VerbWords>& verbs) {
  std::string out = "# fish completion of sibyl: sibyl completion fish | source\n";
  for (const VerbWords& verb : verbs) {
    out += fmt::format("complete -c sibyl -n __fish_use_subcommand -f -a {} -d {}\n", verb.name,
                       quoted(verb.line));
  }
  out +=
      "complete -c sibyl -n __fish_use_subcommand -f -l help\n"
      "complete -c sibyl -n __fish_use_subcommand -f -l version\n";
  for (const VerbWords& verb : verbs) {
    for (const Word& word : verb.words) {
      if (word.names.empty() && word.choices.empty()) continue;  // an argument: files, as usual
      out += fmt::format("complete -c sibyl -n {}",
                         quoted("__fish_seen_subcommand_from " + verb.name));
      if (!word.short_name.empty()) out += " -s " + word.short_name;
      if (!word.long_name.empty()) out += " -l " + word.long_name;
      if (!word.choices.empty()) {
        out += (word.names.empty() ? " -a " : " -x -a ") + quoted(joined(word.choices));
      } else if (word.takes_value) {
        out += " -r";
      }
      out += fmt::format(" -d {}\n", quoted(word.line));
    }
  }
  return out;
}

}  // namespace

Action add_completion(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<CompletionSettings>();
  verb.add_option("SHELL", settings->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add_output_options(verb, settings->common);
  return [settings, &verb, &io] {
    const std::vector<VerbWords> verbs = words_of(*verb.get_parent());
    std::string script;
    if (settings->shell == "bash") {
      script = bash_script(verbs);
    } else if (settings->shell == "zsh") {
      script = zsh_script(verbs);
    } else {
      script = fish_script(verbs);
    }
    if (settings->common.json) {
      script = to_json(Value(Value::Object{{"shell", settings->shell}, {"script", script}})) + "\n";
    }
    emit(io, settings->common.out, script);
    return static_cast<int>(kAsExpected);
  };
}

}  // namespace sibyl::cli
