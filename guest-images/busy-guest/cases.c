// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "cases.h"
#include "clock.h"
#include "guest.h"
#include "ktap.h"
#include "observe.h"

/* The controls watch this many periods. */
#define CONTROL_PERIODS 5

static const char * const limited_cases[] = {
	"busy_guest_obeys_quota", "busy_guest_is_throttled", "busy_guest_debt_bounded",
	"busy_guest_makes_progress", "busy_guest_dies_at_once",
};

static struct observation observation;

/* Usage of a group without a limit in @us, and the counts made in it. */
static bool watch_unlimited(const struct runner *r, int64_t us, int64_t *elapsed,
			    int64_t *usage, uint64_t *progress)
{
	struct cpu_stat before, after;
	int64_t start = now_us();

	*progress = runner_progress(r);
	cgroup_read_stat(&r->cg, &before);
	if (!sleep_until_us(start + us))
		return false;
	cgroup_read_stat(&r->cg, &after);
	*elapsed = now_us() - start;
	*usage = after.usage_us - before.usage_us;
	*progress = runner_progress(r) - *progress;
	return true;
}

static void control_guest_unlimited(const struct test *t)
{
	const char *name = "control_guest_unlimited";
	int64_t elapsed, usage, demand, lost_ok;
	const struct limit *l = &t->limit;
	struct runner r;
	uint64_t progress;
	char why[200] = "";

	if (!runner_start(&r, "control", &t->guest, -1, l->period_us, why, sizeof(why)) ||
	    !watch_unlimited(&r, CONTROL_PERIODS * l->period_us, &elapsed, &usage, &progress)) {
		ktap_reason("%s", why);
		ktap_result(name, false);
		runner_end(&r);
		return;
	}
	runner_end(&r);

	demand = limit_demand_us(l, t->guest.vcpus, elapsed);
	/* What others may take: the accounting's resolution, one tick a CPU and period. */
	lost_ok = l->cpus * l->tick_us * (CONTROL_PERIODS + 1);
	ktap_metric("usage", usage, "us");
	ktap_metric("window", elapsed, "us");
	ktap_metric("demand", demand, "us");
	ktap_metric("guest_progress", progress, "count");
	if (usage < demand - lost_ok)
		ktap_reason("contended: the guest got %lld us of the %lld us it wanted",
			    (long long)usage, (long long)demand);
	else if (usage <= limit_allowed_us(l, elapsed))
		ktap_reason("the guest wants no more than the limit allows: nothing would be shown");
	ktap_result(name, progress && usage >= demand - lost_ok &&
		    usage > limit_allowed_us(l, elapsed));
}

static void report_usage(const struct limit *l, const struct observation *o)
{
	const struct sample *s = observe_last(o);

	ktap_metric("usage", s->stat.usage_us, "us");
	ktap_metric("window", s->t_us, "us");
	ktap_metric("quota_total", s->t_us * l->quota_us / l->period_us, "us");
	ktap_metric("bound", observe_bound_us(o, l), "us");
	ktap_ratio("overrun_ratio", s->stat.usage_us * l->period_us, s->t_us * l->quota_us);
	ktap_metric("nr_periods", s->stat.nr_periods, "count");
	ktap_metric("nr_throttled", s->stat.nr_throttled, "count");
}

/*
 * The same demand without KVM, judged by the same bounds: a machine on which
 * a plain loop breaks them (late ticks, contention) can tell nothing of a guest.
 */
static void control_host_loop_obeys_quota(const struct test *t)
{
	const char *name = "control_host_loop_obeys_quota";
	const struct limit *l = &t->limit;
	struct observation *o = &observation;
	struct workload loop = { .kind = RUN_LOOP, .vcpus = t->guest.vcpus };
	struct runner r;
	char why[200] = "";
	int64_t usage, bound;

	if (!runner_start(&r, "loop", &loop, l->quota_us, l->period_us, why, sizeof(why)) ||
	    !observe(o, &r, l, CONTROL_PERIODS)) {
		ktap_reason("%s", why);
		ktap_result(name, false);
		runner_end(&r);
		return;
	}
	runner_end(&r);

	usage = observe_last(o)->stat.usage_us;
	bound = observe_bound_us(o, l);
	report_usage(l, o);
	ktap_metric("worst_debt", o->worst_debt_us, "us");
	if (!o->aligned)
		ktap_reason("the loop was never throttled");
	else if (usage > bound)
		ktap_reason("used %lld us, at most %lld us are allowed", (long long)usage,
			    (long long)bound);
	else if (o->worst_debt_us > limit_slack_us(l))
		ktap_reason("%lld us beyond the quota, at most %lld us are allowed",
			    (long long)o->worst_debt_us, (long long)limit_slack_us(l));
	ktap_result(name, o->aligned && usage <= bound && o->worst_debt_us <= limit_slack_us(l));
}

static void judge_window(const struct test *t, const struct runner *r,
			 const struct observation *o)
{
	const struct limit *l = &t->limit;
	const struct sample *s = observe_last(o);
	int64_t bound = observe_bound_us(o, l), exits = runner_exits(r);
	int64_t debt_bound = bound - limit_allowed_us(l, s->t_us) + limit_slack_us(l);

	observe_print(o, "run", 0);
	report_usage(l, o);
	if (s->stat.usage_us > bound)
		ktap_reason("used %lld us, at most %lld us are allowed",
			    (long long)s->stat.usage_us, (long long)bound);
	ktap_result("busy_guest_obeys_quota", s->stat.usage_us <= bound);

	ktap_metric("nr_periods", s->stat.nr_periods, "count");
	ktap_metric("nr_throttled", s->stat.nr_throttled, "count");
	ktap_metric("throttled", s->stat.throttled_us, "us");
	if (s->stat.nr_throttled <= 0 || s->stat.throttled_us <= 0)
		ktap_reason("nr_throttled %lld, throttled_usec %lld",
			    (long long)s->stat.nr_throttled, (long long)s->stat.throttled_us);
	ktap_result("busy_guest_is_throttled", s->stat.nr_throttled > 0 && s->stat.throttled_us > 0);

	ktap_metric("worst_debt", o->worst_debt_us, "us");
	ktap_metric("bound", debt_bound, "us");
	if (o->worst_debt_us > debt_bound)
		ktap_reason("%lld us beyond the quota, at most %lld us are allowed",
			    (long long)o->worst_debt_us, (long long)debt_bound);
	ktap_result("busy_guest_debt_bounded", o->worst_debt_us <= debt_bound);

	ktap_metric("guest_progress", o->progress, "count");
	ktap_metric("idle_periods", o->idle_periods, "count");
	if (exits >= 0)
		ktap_metric("guest_exits", exits, "count");
	if (o->idle_periods > limit_idle_periods(l))
		ktap_reason("the guest stood still for %d periods, at most %lld are needed to pay back",
			    o->idle_periods, (long long)limit_idle_periods(l));
	ktap_result("busy_guest_makes_progress",
		    o->progress && o->idle_periods <= limit_idle_periods(l));
}

/* Waits for SIGCHLD or the next sample; true once the child is reaped. */
static bool reaped_by(struct runner *r, int64_t at_us)
{
	int64_t left = at_us - now_us();
	struct timespec ts = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	if (left > 0)
		sigtimedwait(&chld, NULL, &ts);
	if (waitpid(r->pid, NULL, WNOHANG) != r->pid)
		return false;
	r->pid = 0;
	return true;
}

static void busy_guest_dies_at_once(const struct test *t, struct runner *r, struct observation *o)
{
	int64_t period = t->limit.period_us, bound = limit_kill_us(&t->limit);
	int64_t killed, latency = 0;
	int first = o->count;
	bool dead = false;

	observe_now(o, r);
	killed = now_us();
	kill(r->pid, SIGKILL);
	for (int64_t i = 1; !dead && now_us() < killed + t->kill_deadline_us && !stop_requested(); i++) {
		dead = reaped_by(r, killed + i * period);
		latency = now_us() - killed;
		observe_now(o, r);
	}
	/* Lifts the limit first, so that a frozen process ends. */
	runner_end(r);

	observe_print(o, "kill", first);
	ktap_metric("kill_latency", latency, "us");
	ktap_metric("bound", bound, "us");
	if (!dead)
		ktap_reason("still there %lld us after SIGKILL; gone once its limit was lifted",
			    (long long)latency);
	else if (latency > bound)
		ktap_reason("gone %lld us after SIGKILL, at most %lld us are allowed",
			    (long long)latency, (long long)bound);
	ktap_result("busy_guest_dies_at_once", dead && latency <= bound);
}

static void limited_guest(const struct test *t)
{
	struct observation *o = &observation;
	const struct limit *l = &t->limit;
	struct runner r;
	char why[200] = "";

	if (runner_start(&r, "guest", &t->guest, l->quota_us, l->period_us, why, sizeof(why)) &&
	    observe(o, &r, l, t->seconds * 1000000 / l->period_us)) {
		judge_window(t, &r, o);
		busy_guest_dies_at_once(t, &r, o);
	} else {
		for (size_t i = 0; i < sizeof(limited_cases) / sizeof(*limited_cases); i++) {
			ktap_reason("%s", why);
			ktap_result(limited_cases[i], false);
		}
	}
	runner_end(&r);
}

static void skip_all(const char *why)
{
	ktap_skip("kvm_hv_available", "%s", why);
	ktap_skip("control_guest_unlimited", "%s", why);
	ktap_skip("control_host_loop_obeys_quota", "%s", why);
	for (size_t i = 0; i < sizeof(limited_cases) / sizeof(*limited_cases); i++)
		ktap_skip(limited_cases[i], "%s", why);
}

static bool limit_can_be_set(char *why, size_t len)
{
	struct cgroup cg;
	int err;

	if (!cgroup_init(why, len))
		return false;
	err = cgroup_create(&cg, "probe");
	if (!err)
		err = cgroup_set_max(&cg, 10000, 100000);
	if (err)
		snprintf(why, len, "cpu.max: %s (CONFIG_CFS_BANDWIDTH)", strerror(-err));
	cgroup_remove(&cg);
	return !err;
}

/* Names everything that is missing, not just the first thing. */
static bool can_run(char *why, size_t len)
{
	char limit_why[200] = "", kvm_why[200] = "";
	bool limit = limit_can_be_set(limit_why, sizeof(limit_why));
	bool kvm = guest_probe(kvm_why, sizeof(kvm_why));

	snprintf(why, len, "%s%s%s", limit_why, limit || kvm ? "" : "; ", kvm_why);
	return limit && kvm;
}

void run_cases(const struct test *t)
{
	char why[420];
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);

	if (!can_run(why, sizeof(why))) {
		skip_all(why);
		return;
	}
	ktap_result("kvm_hv_available", true);
	if (!stop_requested())
		control_guest_unlimited(t);
	if (!stop_requested())
		control_host_loop_obeys_quota(t);
	if (!stop_requested())
		limited_guest(t);
}
